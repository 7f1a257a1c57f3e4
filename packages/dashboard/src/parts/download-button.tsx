import { Action } from './action.tsx';

/** Fetched with the login's credential, which a plain link would not carry. */
export function DownloadButton({ name, read }: { name: string; read: () => Promise<ReadableStream<Uint8Array> | null> }) {
  const run = async (): Promise<undefined> => {
    const blob = await new Response(await read()).blob();
    const url = URL.createObjectURL(blob);
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    return undefined;
  };
  return <Action run={run}>Download</Action>;
}
