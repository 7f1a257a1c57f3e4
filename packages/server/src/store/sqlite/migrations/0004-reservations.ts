/** Workers that are kept for a large task. Few rows, read as a whole. */
export const reservations = `
DROP TABLE reservation;
CREATE TABLE reservation (worker INTEGER PRIMARY KEY, row TEXT NOT NULL) STRICT;
`;
