-- name: insert_evidence_file
-- Keeps a document once per hash.
INSERT INTO evidence_files (consortium_id, sha256, media_type, size_bytes, content, stored_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consortium_id, sha256) DO NOTHING;

-- name: insert_evidence_upload
-- Notes who had a document.
INSERT INTO evidence_uploads (consortium_id, sha256, uploaded_by, organisations, uploaded_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (consortium_id, sha256, uploaded_by) DO NOTHING;

-- name: unclaimed_uploads
-- How many documents a person stored that no claim names.
SELECT count(*) FROM evidence_uploads AS upload
WHERE upload.consortium_id = $1 AND upload.uploaded_by = $2 AND upload.sha256 <> $3
  AND NOT EXISTS (SELECT FROM claim_evidence AS proof
                  WHERE proof.consortium_id = $1 AND proof.stored_sha256 = upload.sha256);

-- name: evidence_media_type
-- The type of a document, as it was stored first.
SELECT media_type FROM evidence_files WHERE consortium_id = $1 AND sha256 = $2;

-- name: evidence_to_claim_with
-- The types of those of these documents that a person stored, or somebody of these organisations; of all when null.
SELECT file.sha256, file.media_type FROM evidence_files AS file
WHERE file.consortium_id = $1 AND file.sha256 = ANY ($2::text[])
  AND ($4::uuid[] IS NULL OR EXISTS (
      SELECT FROM evidence_uploads AS upload
      WHERE upload.consortium_id = $1 AND upload.sha256 = file.sha256
        AND (upload.uploaded_by = $3 OR upload.organisations && $4::uuid[])))
ORDER BY file.sha256;

-- name: evidence_content
-- A document, with its content unless it is in the folder.
SELECT media_type, content FROM evidence_files WHERE consortium_id = $1 AND sha256 = $2;
