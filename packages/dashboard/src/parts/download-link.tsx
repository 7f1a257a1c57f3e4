import type { ReactNode } from 'react';

/** The browser saves it as it comes, however large: the login's cookie goes along. */
export function DownloadLink({ href, name, children = 'Download' }: { href: string; name: string; children?: ReactNode }) {
  return (
    <a className="button" href={href} download={name}>
      {children}
    </a>
  );
}
