import type { KeptFileView } from '@switchyard/sdk/kept-file.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay, useYard } from '../data/yard.tsx';
import { Action } from '../parts/action.tsx';
import { DownloadLink } from '../parts/download-link.tsx';
import { type PlainColumn, PlainTable } from '../parts/plain-table.tsx';
import { ProblemBox } from '../parts/problem.tsx';
import { go, hrefOf } from '../route.ts';
import { bytesText } from '../words/bytes.ts';
import { timeText } from '../words/time.ts';

const isGcode = (name: string): boolean => /\.(gcode|gco|g)$/i.test(name);

/** Files that people keep under a name. What tasks leave is shown with its task. */
export function FilesPage() {
  const { client } = useYard();
  const mayWrite = useMay('file:write');
  const mayPrint = useMay('job:submit');
  const files = useQuery({ queryKey: ['files'], queryFn: () => client.files.kept() });
  const remove = async ({ id, name }: KeptFileView): Promise<string> => {
    await client.files.removeKept(id);
    await files.refetch();
    return `${name} is removed`;
  };
  const print = async ({ id, name, blob, size }: KeptFileView): Promise<string> => {
    const { job } = await client.jobs.submit({ name, kind: 'print', spec: { blob, size, name, file: id } });
    go(hrefOf('job', [job.id]));
    return `Job ${job.id} prints ${name}`;
  };
  const columns: readonly PlainColumn<KeptFileView>[] = [
    { title: 'file', cell: ({ name }) => name },
    { title: 'size', number: true, cell: ({ size }) => bytesText(size) },
    { title: 'owner', dim: true, spare: true, cell: ({ owner }) => owner },
    { title: 'kept since', dim: true, spare: true, cell: ({ createdAt }) => timeText(createdAt) },
    {
      title: '',
      cell: (file) => (
        <span className="bar">
          {mayPrint && isGcode(file.name) && <Action run={() => print(file)}>Print</Action>}
          <DownloadLink name={file.name} href={`/v1/files/${file.id}/content`} />
          {mayWrite && (
            <Action look="danger" ask={`Remove ${file.name}? Jobs that need it keep it.`} run={() => remove(file)}>
              Remove
            </Action>
          )}
        </span>
      ),
    },
  ];
  return (
    <section className="page">
      <h1>Files</h1>
      {files.error !== null && <ProblemBox error={files.error} again={() => void files.refetch()} />}
      {mayWrite && <Upload done={() => void files.refetch()} />}
      <PlainTable rows={files.data ?? []} columns={columns} keyOf={({ id }) => id} empty="Nobody keeps a file here." />
    </section>
  );
}

function Upload({ done }: { done: () => void }) {
  const { client } = useYard();
  const [file, setFile] = useState<File | null>(null);
  return (
    <div className="bar">
      <input type="file" aria-label="File to keep" onChange={({ target }) => setFile(target.files?.[0] ?? null)} />
      <Action
        look="main"
        disabled={file === null}
        run={async () => {
          if (file === null) return undefined;
          const kept = await client.files.keep(file.name, file);
          done();
          return `${kept.name} is kept`;
        }}
      >
        Upload
      </Action>
    </div>
  );
}
