using System.Diagnostics;
using System.Text;
using Ledger.Database;
using Ledger.Import;
using Ledger.Keys;
using Ledger.SystemTests.Cli;
using Npgsql;

namespace Ledger.SystemTests.Import;

/// <summary>What happens between the two passes of an import, and inputs that can be read only once.</summary>
public sealed class TwoPassesTests : IAsyncLifetime
{
    private CliDatabase _cli = null!;
    private NpgsqlDataSource _source = null!;
    private ConversationImport _import = null!;

    public async Task InitializeAsync()
    {
        _cli = await CliDatabase.CreateAsync();
        await _cli.DoAsync("bot", "add", "st-1", "--created", "2020-01-01");
        _source = ServiceDatabase.Source(_cli.Service);
        _import = new ConversationImport(_source, TestStore.One, KeyFolder.Open(_cli.Keys));
    }

    public async Task DisposeAsync()
    {
        await _source.DisposeAsync();
        await _cli.DisposeAsync();
    }

    [Fact]
    public async Task A_file_that_changes_between_the_passes_gets_nothing_in_that_was_not_checked()
    {
        var lines = Lines(0, 2_500);
        string[] changes =
        [
            lines.Replace("c-00007", "c-99999", StringComparison.Ordinal), lines.Replace("\"n\":7}", "\"n\":8}", StringComparison.Ordinal),
            lines[..(lines.IndexOf("c-02400", StringComparison.Ordinal) - 40)], "", lines + Lines(2_500, 1), Lines(0, 2),
        ];
        var known = 0L;
        foreach (var changed in changes)
        {
            var file = new MemoryStream();
            await WriteAsync(file, lines);
            var check = await CheckAsync(file);
            await WriteAsync(file, changed);
            var refusal = await Assert.ThrowsAsync<ImportException>(() => StoreAsync(check));
            // What was checked is in, batch by batch, up to the change.
            var same = lines.AsSpan().CommonPrefixLength(changed) / lines.IndexOf('\n') / 1_000 * 1_000;
            known = Math.Max(known, Math.Min(same, 2_500));
            Assert.Equal(known, await CountAsync());
            Assert.Contains(same == 0 ? "Nothing was imported" : $"The first {same} lines are in", refusal.Message,
                StringComparison.Ordinal);
        }
        Assert.Equal(0, await _cli.ScalarAsync<long>("select count(*) from conversations.conversations where conversation_id = 'c-99999'"));
    }

    [Fact]
    public async Task What_others_store_between_the_passes_is_compared_again()
    {
        var check = await CheckAsync(new MemoryStream(Encoding.UTF8.GetBytes(Lines(0, 1_200))));
        await StoreAsync(await CheckAsync(new MemoryStream(Encoding.UTF8.GetBytes(Lines(5, 2)))));
        await StoreAsync(await CheckAsync(
            new MemoryStream(Encoding.UTF8.GetBytes(Lines(1_100, 1).Replace("\"n\":0", "\"n\":1", StringComparison.Ordinal)))));
        var refusal = await Assert.ThrowsAsync<ImportException>(() => StoreAsync(check));
        Assert.Equal(
            "line 1101: the store holds this conversation already, with other content, and an import changes nothing that is there. "
            + "The first 1000 lines are in, and are not imported twice: mend this and run the import again", refusal.Message);
        Assert.Equal(1_001, await CountAsync());
    }

    [SkippableFact]
    public async Task What_can_be_read_only_once_is_kept_in_a_file_without_a_name()
    {
        var pipe = Path.Combine(_cli.Folder, "pipe");
        using (var made = Process.Start("mkfifo", pipe))
            await made.WaitForExitAsync();
        var import = Task.Run(() => _cli.TryAsync("import", pipe));
        await File.WriteAllTextAsync(pipe, Lines(0, 3));
        Assert.Equal("imported 3 conversations with 3 items; 0 were there already (3 lines)", (await import).Output.Trim());

        var folder = Directory.CreateDirectory(Path.Combine(_cli.Folder, "spool")).FullName;
        await using (var source = await ImportSource.SpoolAsync(new MemoryStream("abc"u8.ToArray()), folder, null, CancellationToken.None))
        {
            Assert.Empty(Directory.GetFileSystemEntries(folder));
            Assert.Equal(3, (await (await source.LinesAsync(CancellationToken.None)).NextAsync(CancellationToken.None))!.Value.Length);
        }
        var refusal = await Assert.ThrowsAsync<ImportException>(
            () => ImportSource.SpoolAsync(new MemoryStream(), Path.Combine(folder, "missing"), null, CancellationToken.None));
        Assert.StartsWith("standard input: it is read twice, and cannot be kept in", refusal.Message, StringComparison.Ordinal);
    }

    private Task<CheckedImport> CheckAsync(MemoryStream file) =>
        _import.CheckAsync(ImportSource.Of(file), null, null, CancellationToken.None);

    private Task<ImportResult> StoreAsync(CheckedImport check) => _import.StoreAsync(check, null, null, CancellationToken.None);

    private Task<long> CountAsync() => _cli.ScalarAsync<long>("select count(*) from conversations.conversations");

    private static async Task WriteAsync(MemoryStream file, string text)
    {
        file.SetLength(0);
        await file.WriteAsync(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Lines of one length.</summary>
    private static string Lines(int first, int count) => string.Concat(Enumerable.Range(first, count).Select(n =>
        $$"""{"botId":"st-1","conversationId":"c-{{n:D5}}","cId":"u-1","channel":"rtm","startedAt":"2026-05-04T08:00:00Z","""
        + $$"""
        "messages":[{"n":{{n % 10}}}]}

        """));
}
