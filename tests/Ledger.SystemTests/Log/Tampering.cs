namespace Ledger.SystemTests.Log;

/// <summary>What somebody does who owns the database.</summary>
internal static class Tampering
{
    private static readonly string[] Tables =
    ["mt_streams", "mt_events", "log_queue", "log_runs", "log_tiles", "log_state", "log_checkpoints"];

    /// <summary>Keeps a backup of what the log and the events are now.</summary>
    public static string Save =>
        "create schema backup; " + string.Join("; ", Tables.Select(table => $"create table backup.{table} as table ledger.{table}"));

    /// <summary>Puts that backup back.</summary>
    public static string Restore =>
        string.Join("; ", Tables.Select(table => $"alter table ledger.{table} disable trigger user")) + "; "
        + string.Join("; ", Tables.Reverse().Select(table => $"delete from ledger.{table}")) + "; "
        + string.Join("; ", Tables.Select(table => $"insert into ledger.{table} overriding system value table backup.{table}")) + "; "
        + "alter table ledger.mt_streams enable always trigger new_streams_are_queued, enable always trigger appends_are_queued";

    /// <summary>One change, to 300 events of <paramref name="stream"/> which are the leaves from 300 on.</summary>
    public static string Of(string tampering, Guid stream) =>
        tampering switch
        {
            "changed" =>
                "alter table ledger.mt_events disable trigger user; update ledger.mt_events set data = jsonb_build_object('client', 'x') "
                + $"where stream_id = '{stream}' and version = 1",
            "removed" =>
                $"alter table ledger.mt_events disable trigger user; delete from ledger.mt_events where stream_id = '{stream}' and "
                + "version = 3",
            "reordered" => $"""
                alter table ledger.mt_events disable trigger user; update ledger.mt_events set version = version + 1000
                    where stream_id = '{stream}' and version <= 2;
                update ledger.mt_events set version = 1003 - version where stream_id = '{stream}' and version > 1000
                """,
            "leaf tile" =>
                "alter table ledger.log_tiles disable trigger user; update ledger.log_tiles set hashes = overlay(hashes placing "
                + "sha256('x') from 44 * 32 + 1) where level = 0 and number = 1",
            "edge" =>
                "alter table ledger.log_tiles disable trigger user; update ledger.log_tiles set hashes = overlay(hashes placing "
                + "sha256('x') from 1) where level = 0 and number = 1",
            "tile" =>
                "alter table ledger.log_tiles disable trigger user; update ledger.log_tiles set hashes = overlay(hashes placing "
                + "sha256('x') from 33) where level = 1",
            "state" => "alter table ledger.log_state disable trigger user; update ledger.log_state set root = sha256('x')",
            _ => throw new ArgumentOutOfRangeException(nameof(tampering)),
        };
}
