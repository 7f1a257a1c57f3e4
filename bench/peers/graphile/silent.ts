/** A log factory that says nothing below a warning. */
export const silent = () => (level: string, message: string) => {
  if (level === 'error' || level === 'warning') console.error(message);
};
