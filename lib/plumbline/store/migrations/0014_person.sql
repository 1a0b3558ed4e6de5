-- Who may sign in, and as what. The trail keeps who gave and took each role.
CREATE TABLE person (
    email VARCHAR PRIMARY KEY,
    access VARCHAR NOT NULL,
    given_by VARCHAR NOT NULL,
    given_at TIMESTAMP NOT NULL
);
