import { useLiveQuery } from '../../data/use-live-query.ts';
import { useYard } from '../../data/yard.tsx';
import { JobImage } from '../../parts/job-image.tsx';
import { hrefOf } from '../../route.ts';
import { agoText } from '../../words/time.ts';

/** The picture that any job made last. */
export function NewestImage() {
  const { client } = useYard();
  const { data } = useLiveQuery({
    key: ['overview', 'image'],
    read: () => client.image(),
    touched: ({ images, deleted }) => images.size + deleted.size > 0,
    restMs: 1_000,
  });
  if (data === undefined || data === null) return null;
  return (
    <section aria-label="Newest picture">
      <h2>
        Newest picture: <a href={hrefOf('job', [data.job])}>job {data.job}</a>{' '}
        <span className="dim">{agoText(data.at, Date.now())}</span>
      </h2>
      <JobImage job={data.job} name={`job ${data.job}`} />
    </section>
  );
}
