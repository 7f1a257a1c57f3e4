import { useLiveQuery } from '../data/use-live-query.ts';
import { useYard } from '../data/yard.tsx';

/** The newest picture of a job, in place of the one before as soon as there is another; nothing where it has none. */
export function JobImage({ job, name }: { job: number; name: string }) {
  const { client } = useYard();
  const { data } = useLiveQuery({
    key: ['job', job, 'image'],
    read: () => client.image(job),
    touched: ({ images }) => images.has(job),
  });
  if (data === undefined || data === null) return null;
  const address = `/v1/jobs/${job}/image?${encodeURIComponent(data.version)}`;
  return (
    <figure className="picture">
      <a href={address} target="_blank" rel="noreferrer">
        <img src={address} alt={`Newest of ${name}`} />
      </a>
    </figure>
  );
}
