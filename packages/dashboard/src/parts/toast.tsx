import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

type Say = (text: string, bad?: boolean) => void;

const ToastContext = createContext<Say>(() => {});

/** Short words on what an action did; at most four at once, gone after a few seconds. */
export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const next = useRef(1);
  const say = useCallback<Say>((text, bad = false) => {
    const id = next.current++;
    setToasts((all) => [...all.slice(-3), { id, text, bad }]);
    setTimeout(() => setToasts((all) => all.filter((toast) => toast.id !== id)), bad ? 8_000 : 4_000);
  }, []);
  const list = useMemo(
    () =>
      toasts.map(({ id, text, bad }) => (
        <output key={id} className={bad ? 'toast bad' : 'toast'}>
          {text}
        </output>
      )),
    [toasts],
  );
  return (
    <ToastContext value={say}>
      {children}
      <div className="toasts">{list}</div>
    </ToastContext>
  );
}

export function useSay(): Say {
  return useContext(ToastContext);
}
