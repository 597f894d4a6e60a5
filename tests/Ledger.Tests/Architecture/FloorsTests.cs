using Ledger.Database;
using Mono.Cecil;

namespace Ledger.Tests.Architecture;

/// <summary>
/// The folders of <c>src/Ledger</c> form floors: each uses only those that <c>docs/architecture.md</c> draws below it, in code and in SQL.
/// </summary>
public sealed class FloorsTests
{
    private static readonly ModuleDefinition s_ledger = ModuleDefinition.ReadModule(typeof(Migrator).Assembly.Location);

    [Fact]
    public void The_drawing_shows_every_folder_that_there_is() => Assert.Equal(
        SourceTree.Files("src/Ledger", "*.cs").Where(file => file.Contains('/')).Select(file => file.Split('/')[0])
            .Where(folder => folder != "Internal").Distinct().Order(StringComparer.Ordinal),
        Floors.Drawn.Select(floor => floor.Folder).Order(StringComparer.Ordinal));

    [Fact]
    public void The_floors_are_drawn_from_the_lowest_up() =>
        Assert.Equal(Floors.Drawn.Select(floor => floor.Number).Order(), Floors.Drawn.Select(floor => floor.Number));

    [Fact]
    public void No_folder_uses_a_folder_above_it() => Assert.Empty(Upward(TypeUses.Of(s_ledger), Floors.Order));

    [Fact]
    public void Twin_with_two_folders_exchanged_an_edge_goes_up()
    {
        var exchanged = new Dictionary<string, int>(Floors.Order, StringComparer.Ordinal);
        (exchanged["Jobs"], exchanged["Execution"]) = (exchanged["Execution"], exchanged["Jobs"]);
        Assert.Contains(Upward(TypeUses.Of(s_ledger), exchanged), use => use.Contains("Ledger.Execution", StringComparison.Ordinal));
    }

    [Fact]
    public void Twin_every_way_to_use_a_type_is_seen()
    {
        var twins = ModuleDefinition.ReadModule(typeof(FloorsTests).Assembly.Location);
        var uses = TypeUses.Of(twins).Where(use => use.From.FullName == typeof(Twin.User).FullName).Select(use => use.To.Name);
        Assert.Equal(
            twins.Types.Where(type => type.Namespace == typeof(Twin.User).Namespace && type.Name != nameof(Twin.User))
                .Select(type => type.Name).Order(StringComparer.Ordinal),
            uses.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Upward(IEnumerable<TypeUse> uses, IReadOnlyDictionary<string, int> order) => uses
        .Where(use => Place(use.From, order) is { } from && Place(use.To, order) is { } to && to > from)
        .Select(use => use.ToString()).Order(StringComparer.Ordinal);

    /// <summary>Null: it is in no folder of the service, as what a compiler makes, or what the verifier shares.</summary>
    private static int? Place(TypeDefinition type, IReadOnlyDictionary<string, int> order) => type.Namespace.Split('.') switch
    {
        ["Ledger"] => order.Count, // the program's start
        ["Ledger", var folder, ..] when order.TryGetValue(folder, out var place) => place,
        _ => null,
    };

    [Fact]
    public void A_table_is_written_by_its_owner_alone_and_read_from_above() => Assert.Empty(Wrong(TableUses.OfService()));

    [Theory]
    [InlineData("Jobs/X.Add.sql", "with n as (select 1)\ninsert into ledger.log_tiles select 1", "writes")]
    [InlineData("Jobs/X.cs", "Run(\"update ledger.deliveries set sent_at = now()\");", "writes")]
    [InlineData("Jobs/X.cs", "Run($\"\"\"\n  select * from ledger.deliveries where {x}\n  \"\"\");", "reads")]
    [InlineData("Cli/X.Show.sql", "select count(*) from conversations.items; delete from conversations.items", "writes")]
    public void Twin_a_statement_at_the_wrong_place_is_seen(string file, string text, string problem) =>
        Assert.Contains(problem, Assert.Single(Wrong(TableUses.Of(file, text))), StringComparison.Ordinal);

    [Fact]
    public void Every_table_has_an_owner_in_the_drawing() => Assert.All(TableUses.LedgerTables, table => Assert.NotNull(OwnerOf(table)));

    [Fact]
    public void No_folder_has_more_than_25_files_beside_its_sub_folders() =>
        Assert.Empty(Overfull(SourceTree.Files("src/Ledger", "*.*"), 25));

    [Fact]
    public void Twin_an_overfull_folder_is_seen() =>
        Assert.Equal(["Jobs"], Overfull(["Jobs/A.cs", "Jobs/A.B.sql", "Jobs/Old/C.cs", "Log/D.cs"], 1));

    private static IEnumerable<string> Overfull(IEnumerable<string> files, int most) => files
        .GroupBy(file => Path.GetDirectoryName(file)!).Where(folder => folder.Count() > most).Select(folder => folder.Key);

    [Fact]
    public void No_folder_has_more_than_a_fifth_of_the_lines()
    {
        var lines = SourceTree
            .Files("src/Ledger", "*.*")
            .Where(file => Path.GetExtension(file) is ".cs" or ".sql" or ".razor" && file.Contains('/'))
            .GroupBy(file => file.Split('/')[0])
            .ToDictionary(
                files => files.Key, files => files.Sum(file => File.ReadLines(Path.Combine(SourceTree.Root, "src/Ledger", file)).Count()));
        Assert.All(lines, folder => Assert.InRange(folder.Value, 1, lines.Values.Sum() / 5));
    }

    private static IEnumerable<string> Wrong(IEnumerable<TableUse> uses) => uses.Distinct().Select(Problem).OfType<string>();

    private static string? Problem(TableUse use) => OwnerOf(use.Table) switch
    {
        null => $"{use.File} names {use.Table}, which nobody owns",
        var owner when use.IsWrite && owner != use.Folder => $"{use.File} writes {use.Table}, which is {owner}'s",
        var owner when Floors.Order[owner] > Floors.Order[use.Folder] => $"{use.File} reads {use.Table}, which is {owner}'s, above it",
        _ => null,
    };

    private static string? OwnerOf(string table) => Floors.Drawn.FirstOrDefault(floor => floor.Tables.Any(name =>
        name.EndsWith('*') ? table.StartsWith(name[..^1], StringComparison.Ordinal) : table == name))?.Folder;
}
