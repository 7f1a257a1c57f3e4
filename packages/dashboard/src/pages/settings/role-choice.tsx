import type { TokenRole } from '@switchyard/sdk/requests.ts';

export const tokenRoles: readonly TokenRole[] = ['submitter', 'operator', 'viewer', 'worker', 'admin'];
export const accountRoles: readonly TokenRole[] = ['submitter', 'operator', 'viewer', 'admin'];

interface Props {
  readonly label: string;
  readonly role: TokenRole;
  readonly choose: (role: TokenRole) => void;
  readonly roles?: readonly TokenRole[];
}

export function RoleChoice({ label, role, choose, roles = accountRoles }: Props) {
  const shown = roles.includes(role) ? roles : [role, ...roles];
  return (
    <select aria-label={label} value={role} onChange={({ target }) => choose(target.value as TokenRole)}>
      {shown.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  );
}
