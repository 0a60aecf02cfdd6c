-- migrate:up
CREATE TABLE region_imports (
    consortium_id uuid PRIMARY KEY,
    origin_id     uuid NOT NULL,
    sha256        text NOT NULL,
    bytes         bigint NOT NULL,
    state         text NOT NULL DEFAULT 'loading' CHECK (state IN ('loading', 'loaded')),
    imported_by   text NOT NULL,
    at            timestamptz NOT NULL
);
COMMENT ON TABLE region_imports IS '[installation] Regions that came out of an archive, and those that are coming.';
COMMENT ON COLUMN region_imports.origin_id IS 'The region that ids of what has a code are made of, and that the chain of the books is named after: the one that the archive was first taken of.';
COMMENT ON COLUMN region_imports.imported_by IS 'Issuer and subject of the operator.';

CREATE TABLE region_import_pages (
    consortium_id uuid NOT NULL REFERENCES region_imports ON DELETE CASCADE,
    page          integer NOT NULL CHECK (page >= 0),
    content       bytea NOT NULL,
    PRIMARY KEY (consortium_id, page)
);
COMMENT ON TABLE region_import_pages IS '[installation] Pages of an archive, until it is loaded in one transaction.';

-- migrate:down
DROP TABLE region_import_pages, region_imports;
