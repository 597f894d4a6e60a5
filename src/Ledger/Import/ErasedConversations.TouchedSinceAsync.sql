-- The size of the log, and the bots' jobs of which events were committed that were not in it when it had the size $1. An event gets its
-- leaf after its commit, and waits in the queue until then: what is in neither place is not committed.
select s.size,
    array(
        select l.id
        from (
            select stream_id from ledger.log_queue
            union
            select stream_id from ledger.log_runs where first_index >= $1) touched
        join ledger.mt_doc_job l on l.id = touched.stream_id
        where l.bot = any ($2))
from ledger.log_state s
