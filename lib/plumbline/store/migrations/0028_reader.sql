-- In which language a signed-in person reads the pages; it goes with the person's role.
CREATE TABLE reader (email VARCHAR PRIMARY KEY, language VARCHAR NOT NULL);
