select case when is_called then last_value else 0 end from ledger.log_queue_position_seq
