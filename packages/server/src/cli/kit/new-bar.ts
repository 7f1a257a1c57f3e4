import { SingleBar } from 'cli-progress';

/** Every bar looks alike. `format`: what stands beside it. */
export function newBar(format: string, stream: NodeJS.WriteStream): SingleBar {
  return new SingleBar({
    stream,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: false,
    stopOnComplete: false,
    autopadding: true,
  });
}
