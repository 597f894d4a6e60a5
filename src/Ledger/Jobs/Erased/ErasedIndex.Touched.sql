-- The size of the log, and of the bot's jobs and its own stream those of which events were committed that were not in it when it had the
-- size $1. An event gets its leaf after its commit, and waits in the queue until then: what is in neither place is not committed.
select s.size,
    array(
        select touched.stream_id
        from (
            select stream_id from ledger.log_queue
            union
            select stream_id from ledger.log_runs where first_index >= $1) touched
        where touched.stream_id = $3 or (select j.bot from ledger.mt_doc_job j where j.id = touched.stream_id) = $2)
from ledger.log_state s
