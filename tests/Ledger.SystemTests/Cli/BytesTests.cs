using System.Text;
using Ledger.Cli;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.SystemTests.Foreign;
using Said = (int ExitCode, byte[] Output, string Error);

namespace Ledger.SystemTests.Cli;

/// <summary>A running service for the tests of one class.</summary>
public sealed class BytesService : IAsyncLifetime
{
    public TestService Service { get; private set; } = null!;
    public string Folder { get; } = Directory.CreateTempSubdirectory("ledger-bytes-").FullName;

    public async Task InitializeAsync() => Service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });

    public async Task DisposeAsync()
    {
        await Service.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>
/// What is bytes by contract comes in and goes out as those bytes, whatever the locale is and whatever a tool put in front.
/// </summary>
public sealed class BytesTests(BytesService bytes) : IClassFixture<BytesService>
{
    private static readonly byte[] s_mark = [0xEF, 0xBB, 0xBF];

    private TestService Service => bytes.Service;

    [SkippableFact]
    public async Task A_byte_order_mark_before_the_ids_is_no_part_of_the_first_and_what_was_not_found_is_no_success()
    {
        await Service.AddConversationsAsync("marked", 2, "user-marked");
        var marked = await SubmitAsync([.. s_mark, .. "marked-00001\n"u8], "--ids");
        Assert.True(marked.ExitCode == ExitCodes.Done, marked.Error);
        Assert.Equal(1, await LeftAsync("marked-%"));

        var partly = SubmitAsync("marked-00002\nnever-was\n"u8.ToArray(), "--ids");
        var nobody = SubmitAsync([.. s_mark, .. "nobody"u8], "--cid");
        var known = FindAsync([.. s_mark, .. "marked-00001"u8]);
        Assert.Equal(5, (await partly).ExitCode);
        Assert.Contains("1 of 2 conversations that were asked for were not found", (await partly).Error, StringComparison.Ordinal);
        Assert.Equal((5, "cdj-"), ((await nobody).ExitCode, Encoding.UTF8.GetString((await nobody).Output)[..4]));
        Assert.Contains("no conversation of the channel user was found", (await nobody).Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Done, (await known).ExitCode);
    }

    [SkippableFact]
    public async Task The_same_bytes_go_in_and_out_under_every_locale()
    {
        Requires.That(
            Tool.Path("localedef") is not null && File.Exists("/usr/share/i18n/locales/en_US"),
            "localedef and its sources (Debian: apt install locales)");
        var locales = new[] { "C", "en_US.ISO-8859-1", "en_US.US-ASCII" };
        await MakeAsync("ISO-8859-1", "en_US.ISO-8859-1");
        await MakeAsync("ANSI_X3.4-1968", "en_US.US-ASCII");
        // Bytes that each of them would read as something else.
        await Service.AddConversationsAsync("gespräch-😀", locales.Length, "user-locale");
        var kept = Path.Combine(bytes.Folder, "kept.checkpoint");
        await File.WriteAllTextAsync(kept, await PublishedAsync());

        var said = await Task.WhenAll(locales.Select((locale, n) => EverythingAsync(locale, $"gespräch-😀-{n + 1:D5}", kept)));
        Assert.Equal(0, await LeftAsync("gespräch-%"));
        Assert.All(said, one => Assert.Equal(said[0], one));
    }

    /// <summary>Erases a conversation and finds it, and prints what the log prints. Returns what must not differ between locales.</summary>
    private async Task<string> EverythingAsync(string locale, string id, string kept)
    {
        var environment = new Dictionary<string, string> { ["LC_ALL"] = locale, ["LOCPATH"] = bytes.Folder };
        var submit = await SubmitAsync(Encoding.UTF8.GetBytes($"{id}\n"), "--ids", environment);
        Assert.True(submit.ExitCode == ExitCodes.Done, submit.Error);
        Assert.Matches("^cdj-[0-9a-f-]{36}\n$", Encoding.UTF8.GetString(submit.Output));
        var done = await LedgerProcess.RunAllAsync(
            environment, Encoding.UTF8.GetBytes(id),
            ["find", .. Database], ["log", "checkpoint", .. Database], ["log", "consistency", kept, .. Database],
            ["key", "new", "--keys", Path.Combine(bytes.Folder, $"schlüssel-{locale}")]);
        Assert.True(done.ExitCode == ExitCodes.Done, done.Error);
        var (find, checkpoint, consistency, keys) = Four(done.Output);
        Assert.Contains($"\n{id}\t{Service.Bot}\t", Encoding.UTF8.GetString(find), StringComparison.Ordinal);
        var key = LogKeyFile.Read(Service.KeyDirectory).Verifier;
        Checkpoint.Open(SignedNote.Parse(checkpoint), key);
        Checkpoint.Open(AddCheckpointRequest.Parse(consistency).Note, key);
        return Encoding.UTF8.GetString(keys).Replace($"schlüssel-{locale}", "schlüssel", StringComparison.Ordinal);
    }

    private static (byte[], byte[], byte[], byte[]) Four(byte[] output)
    {
        var parts = new List<byte[]>();
        for (var rest = output.AsSpan(); !rest.IsEmpty; rest = rest[(parts[^1].Length + 1)..])
            parts.Add(rest[..rest.IndexOf((byte)SeveralCommands.End)].ToArray());
        Assert.Equal(4, parts.Count);
        return (parts[0], parts[1], parts[2], parts[3]);
    }

    private async Task MakeAsync(string charset, string name)
    {
        var (code, said) = await Tool.RunAsync("localedef", ["-i", "en_US", "-f", charset, Path.Combine(bytes.Folder, name)], bytes.Folder);
        Assert.True(code == 0, said);
    }

    private async Task<string> PublishedAsync()
    {
        var published = "";
        await Execution.Steps.UntilAsync("no checkpoint is published", async () =>
        {
            using var answer = await Service.Client.GetAsync("/log/checkpoint");
            published = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode;
        });
        return published;
    }

    private Task<Said> SubmitAsync(byte[] input, string what, Dictionary<string, string>? environment = null) => LedgerProcess.RunAsync(
        new Dictionary<string, string>(environment ?? []) { [ServiceAccess.TokenVariable] = Service.Token() }, input,
        "submit", "--bot", Service.Bot, "--url", Service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority), what, "-", "--watch");

    private Task<Said> FindAsync(byte[] input) => LedgerProcess.RunAsync(new Dictionary<string, string>(), input, ["find", .. Database]);

    private string[] Database => ["--connection", Service.Database.ConnectionStringFor("ledger_service"), "--keys", Service.KeyDirectory];

    private Task<long> LeftAsync(string ids) =>
        Service.ScalarAsync<long>("select count(*) from conversations.conversations where conversation_id like $1", ids);
}
