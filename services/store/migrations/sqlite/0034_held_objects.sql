-- The sealed bytes of a small object, in base64; empty where they are in the objects' storage.

ALTER TABLE objects ADD COLUMN held TEXT NOT NULL DEFAULT '';
