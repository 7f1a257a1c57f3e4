/** The part of cli-progress that we use; the package ships no types. */
declare module 'cli-progress' {
  export interface BarOptions {
    readonly stream: NodeJS.WritableStream;
    readonly format: string;
    readonly barCompleteChar: string;
    readonly barIncompleteChar: string;
    readonly barsize: number;
    readonly hideCursor: boolean;
    readonly clearOnComplete: boolean;
    readonly stopOnComplete: boolean;
    readonly autopadding: boolean;
  }
  export class SingleBar {
    constructor(options: BarOptions);
    start(total: number, value: number, payload: Readonly<Record<string, string>>): void;
    setTotal(total: number): void;
    update(value: number, payload: Readonly<Record<string, string>>): void;
    stop(): void;
  }
}
