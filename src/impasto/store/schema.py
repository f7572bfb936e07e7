"""The two SQLite schemas, as numbered migrations (docs/storage.md explains every column)."""

from __future__ import annotations

CATALOGUE: tuple[str, ...] = (
    """
CREATE TABLE roots (
  id INTEGER PRIMARY KEY,
  folder TEXT NOT NULL UNIQUE
);
CREATE TABLE labels (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE tags (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE images (
  id INTEGER PRIMARY KEY,
  root INTEGER NOT NULL REFERENCES roots (id),
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  gone TEXT,
  fresh INTEGER NOT NULL DEFAULT 0,
  usable INTEGER,
  sha256 BLOB,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  format TEXT NOT NULL DEFAULT '',
  label INTEGER REFERENCES labels (id),
  label_by TEXT CHECK (label_by IN ('folder', 'source', 'user')),
  split TEXT CHECK (split IN ('train', 'validation', 'test')),
  split_by TEXT CHECK (split_by IN ('folder', 'source', 'user')),
  tags_by TEXT CHECK (tags_by IN ('source', 'user')),
  properties TEXT NOT NULL DEFAULT '{}',
  UNIQUE (path, root)
);
CREATE INDEX images_state ON images (fresh, usable) WHERE gone IS NULL;
CREATE INDEX images_label ON images (label, gone);
CREATE INDEX images_split ON images (split) WHERE gone IS NULL;
CREATE INDEX images_size ON images (size) WHERE gone IS NULL;
CREATE INDEX images_width ON images (width) WHERE gone IS NULL;
CREATE INDEX images_height ON images (height) WHERE gone IS NULL;
CREATE INDEX images_gone ON images (size) WHERE gone IS NOT NULL;
CREATE TABLE image_tags (
  image INTEGER NOT NULL REFERENCES images (id),
  tag INTEGER NOT NULL REFERENCES tags (id),
  PRIMARY KEY (image, tag)
) WITHOUT ROWID;
CREATE INDEX image_tags_tag ON image_tags (tag, image);
CREATE TABLE flags (
  image INTEGER NOT NULL REFERENCES images (id),
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (image, kind)
) WITHOUT ROWID;
CREATE INDEX flags_kind ON flags (kind, image);
CREATE TABLE property_types (
  name TEXT PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('bool', 'int', 'float', 'str'))
) WITHOUT ROWID;
CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  labels TEXT NOT NULL
);
CREATE TABLE skipped (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  path TEXT NOT NULL,
  reason TEXT NOT NULL
);
CREATE INDEX skipped_source ON skipped (source);
CREATE TABLE spaces (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  rows INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE dead_rows (
  space INTEGER NOT NULL REFERENCES spaces (id),
  row INTEGER NOT NULL,
  PRIMARY KEY (space, row)
) WITHOUT ROWID;
CREATE TABLE edits (
  id INTEGER PRIMARY KEY,
  action INTEGER NOT NULL,
  at TEXT NOT NULL,
  image INTEGER NOT NULL REFERENCES images (id),
  field TEXT NOT NULL CHECK (field IN ('label', 'split', 'tag')),
  before TEXT,
  after TEXT
);
CREATE INDEX edits_image ON edits (image);
CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  options TEXT NOT NULL,
  started REAL,
  ended REAL,
  stage TEXT NOT NULL,
  done INTEGER NOT NULL,
  total INTEGER,
  unit TEXT NOT NULL,
  error TEXT,
  notes TEXT NOT NULL
);
CREATE VIRTUAL TABLE search USING fts5 (
  name, label, tags, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE VIEW pictures AS
SELECT i.id, r.folder, i.path, l.name AS label, i.split,
  (SELECT group_concat(t.name, '|') FROM image_tags x JOIN tags t ON t.id = x.tag
   WHERE x.image = i.id) AS tags,
  i.width, i.height, i.format, i.size, lower(hex(i.sha256)) AS sha256, i.properties,
  i.usable, i.gone
FROM images i JOIN roots r ON r.id = i.root LEFT JOIN labels l ON l.id = i.label;
""",
    """
CREATE TABLE selections (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  saved TEXT NOT NULL
);
CREATE TABLE selected (
  selection INTEGER NOT NULL REFERENCES selections (id),
  image INTEGER NOT NULL REFERENCES images (id),
  PRIMARY KEY (selection, image)
) WITHOUT ROWID;
CREATE INDEX selected_image ON selected (image);
""",
    """
CREATE TABLE actions (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  title TEXT NOT NULL,
  images INTEGER NOT NULL,
  undone INTEGER NOT NULL DEFAULT 0
);
INSERT INTO actions (id, at, title, images)
SELECT action, min(at), 'Edit', count(DISTINCT image) FROM edits GROUP BY action;
CREATE TEMP TABLE earlier AS SELECT id, action, image, field, before, after FROM edits;
DROP TABLE edits;
CREATE TABLE edits (
  id INTEGER PRIMARY KEY,
  action INTEGER NOT NULL REFERENCES actions (id),
  image INTEGER NOT NULL REFERENCES images (id),
  field TEXT NOT NULL CHECK (field IN ('label', 'split', 'tag', 'flagged', 'hidden')),
  before TEXT,
  after TEXT,
  before_by TEXT
);
INSERT INTO edits (id, action, image, field, before, after) SELECT * FROM earlier;
DROP TABLE earlier;
CREATE INDEX edits_action ON edits (action);
CREATE INDEX edits_image ON edits (image);
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
  name, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE VIRTUAL TABLE label_search USING fts5 (
  name, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE VIRTUAL TABLE tag_search USING fts5 (
  name, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
INSERT INTO search (rowid, name) SELECT id, path FROM images;
INSERT INTO label_search (rowid, name) SELECT id, name FROM labels;
INSERT INTO tag_search (rowid, name) SELECT id, name FROM tags;
CREATE TRIGGER labels_named AFTER INSERT ON labels BEGIN
  INSERT INTO label_search (rowid, name) VALUES (new.id, new.name);
END;
CREATE TRIGGER tags_named AFTER INSERT ON tags BEGIN
  INSERT INTO tag_search (rowid, name) VALUES (new.id, new.name);
END;
CREATE TABLE property_values (
  name TEXT NOT NULL,
  value NOT NULL,
  image INTEGER NOT NULL REFERENCES images (id),
  PRIMARY KEY (name, value, image)
) WITHOUT ROWID;
INSERT INTO property_values (name, value, image)
SELECT e.key, e.value, i.id FROM images i, json_each(i.properties) e ORDER BY 1, 2, 3;
""",
    """
CREATE INDEX images_shape ON images (width, height, usable) WHERE gone IS NULL;
""",
)

THUMBNAILS: tuple[str, ...] = (
    """
CREATE TABLE thumbnails (
  image INTEGER PRIMARY KEY,
  jpeg BLOB NOT NULL
);
""",
)
