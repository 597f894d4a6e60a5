using System.Text;
using System.Text.RegularExpressions;
using Ledger.Conversations.Adding;
using Ledger.Database;
using Ledger.Import;
using Ledger.Keys;
using Ledger.SystemTests.Cli;
using Npgsql;

namespace Ledger.SystemTests.Import;

/// <summary>What is handed in is taken whole, or refused with the reason and its line.</summary>
public sealed class OddFilesTests
{
    [Fact]
    public async Task Each_is_taken_whole_or_refused_with_the_reason_and_its_line()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1", "--created", "2000-01-01");
        var wrong = new List<string>();
        OddFile[] files = [.. OddFiles.All("st-1")];
        Assert.InRange(files.Length, 200, 1_000);
        await using var database = ServiceDatabase.Source(cli.Service);
        var import = new ConversationImport(database, TestStore.One, KeyFolder.Open(cli.Keys));
        var before = 0L;
        foreach (var file in files)
        {
            var refusal = await RefusalAsync(import, file);
            var after = await CountAsync(cli);
            var taken = after - before;
            before = after;
            var isRight = file.Conversations is { } whole
                ? (refusal, taken) == (null, whole)
                : refusal is not null && taken == 0
                    && Regex.IsMatch(refusal, $"^(line [0-9]+: .*{file.Reason}|the input: there is no conversation in it)");
            if (!isRight)
                wrong.Add($"{file.Name}: {taken} taken, {refusal}");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {files.Length}:\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public async Task What_is_said_of_numbers_is_what_PostgreSQL_says()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var source = NpgsqlDataSource.Create(database.Superuser);
        foreach (var (number, fits) in OddFiles.NumberCases)
        {
            Assert.Equal(fits, JsonNumber.Canonical(Encoding.UTF8.GetBytes(number)) is not null);
            await using var command = source.CreateCommand($"select '{number}'::jsonb is not null");
            var refusal = await Record.ExceptionAsync(() => command.ExecuteScalarAsync());
            Assert.True(fits == refusal is null,
                $"{number[..Math.Min(40, number.Length)]} fits {fits}, and PostgreSQL says {refusal?.Message}");
        }
    }

    /// <summary>As the command does it; one process for all.</summary>
    private static async Task<string?> RefusalAsync(ConversationImport import, OddFile file)
    {
        await using var source = ImportSource.Of(new MemoryStream(file.Bytes));
        try
        {
            await import.StoreAsync(await import.CheckAsync(source, null, null, CancellationToken.None), null, null,
                CancellationToken.None);
            return null;
        }
        catch (ImportException e)
        {
            return e.Message;
        }
    }

    private static Task<long> CountAsync(CliDatabase cli) => cli.ScalarAsync<long>("select count(*) from conversations.conversations");
}
