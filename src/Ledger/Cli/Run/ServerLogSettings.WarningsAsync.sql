select (current_setting('log_statement') in ('mod', 'all')
            or current_setting('log_min_duration_statement') <> '-1'
            or current_setting('log_min_duration_sample') <> '-1'
            or current_setting('log_transaction_sample_rate') <> '0')
           and current_setting('log_parameter_max_length') <> '0',
       current_setting('log_min_error_statement') not in ('fatal', 'panic') and current_setting('log_parameter_max_length_on_error') <> '0',
       current_setting('log_min_messages') not in ('fatal', 'panic') and current_setting('log_error_verbosity') <> 'terse'
