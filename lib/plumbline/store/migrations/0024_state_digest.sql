-- What ties the decisions and counts of each load to the trail: digests as they were when the load, or what changed it
-- since, was put on the trail. All of a system's are hashed into that entry. Empty: changed, and not put there yet.
-- Load 0 stands for the grids. Loads of earlier versions have none.
CREATE TABLE state_digest (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, engine VARCHAR NOT NULL, decisions VARCHAR NOT NULL,
    profiles VARCHAR NOT NULL);
