-- With four eyes an exemption is asked for by one person and approved by another.
ALTER TABLE exemption ADD COLUMN proposer VARCHAR DEFAULT '';
ALTER TABLE exemption ADD COLUMN approved_on DATE;
