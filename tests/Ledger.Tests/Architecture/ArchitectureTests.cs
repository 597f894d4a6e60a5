using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ledger.Contracts;
using Ledger.Database;
using Ledger.Projections;

namespace Ledger.Tests.Architecture;

/// <summary>The rules of the tree. Each has a twin that shows that it can fail.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly s_contracts = typeof(Limits).Assembly,
        s_projections = typeof(DocumentJson).Assembly,
        s_ledger = typeof(Migrator).Assembly;

    [Fact]
    public void References_go_from_Ledger_to_Projections_to_Contracts()
    {
        Assert.Empty(OwnReferences(s_contracts));
        Assert.Equal(["Ledger.Contracts"], OwnReferences(s_projections));
        Assert.Equal(["Ledger.Contracts", "Ledger.Projections"], OwnReferences(s_ledger));
    }

    [Fact]
    public void Twin_a_reference_against_the_direction_is_seen() =>
        Assert.Contains("ledger", OwnReferences(typeof(ArchitectureTests).Assembly));

    /// <summary>Of this solution's assemblies, those that the code uses.</summary>
    private static IEnumerable<string> OwnReferences(Assembly assembly) =>
        assembly
            .GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name.StartsWith("ledger", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal);

    [Fact]
    public void The_verifier_is_built_on_Contracts_and_a_command_line_alone()
    {
        Assert.Equal(["../Contracts/Contracts.csproj"], ProjectsOf("src/Verifier/Verifier.csproj"));
        Assert.Equal(["System.CommandLine"], PackagesOf("src/Verifier/Verifier.csproj"));
    }

    /// <summary>What anybody else could write: it knows events and documents, and nothing of the service.</summary>
    [Fact]
    public void A_sample_is_built_on_Contracts_and_Projections_and_Marten_alone()
    {
        const string Sample = "samples/MartenReader/MartenReader.csproj";
        Assert.Equal(["../../src/Contracts/Contracts.csproj", "../../src/Projections/Projections.csproj"], ProjectsOf(Sample));
        Assert.Equal(["Marten"], PackagesOf(Sample));
    }

    [Fact]
    public void Twin_a_second_project_is_seen() =>
        Assert.Contains("../Projections/Projections.csproj", ProjectsOf("src/Ledger/Ledger.csproj"));

    private static IEnumerable<string> ProjectsOf(string project) => XDocument.Load(Path.Combine(SourceTree.Root, project)).Descendants()
        .Where(element => element.Name.LocalName == "ProjectReference").Select(element => (string)element.Attribute("Include")!);

    [Fact]
    public void Contracts_takes_a_package_for_signatures_alone_and_Projections_Marten_and_no_framework_beside_the_base()
    {
        Assert.Equal(["BouncyCastle.Cryptography"], PackagesOf("src/Contracts/Contracts.csproj"));
        Assert.Equal(["Marten"], PackagesOf("src/Projections/Projections.csproj"));
    }

    [Fact]
    public void Twin_a_package_is_seen() => Assert.Contains("Npgsql", PackagesOf("src/Ledger/Ledger.csproj"));

    /// <summary>So that what holds on one machine holds on another: the system's libraries are not ours to choose.</summary>
    [Fact]
    public void No_native_library_is_called_for_signatures_and_the_verifiers_hashes() => Assert.All(
        new[] { "src/Contracts", "src/Verifier" }.SelectMany(
            folder => SourceTree.Files(folder, "*.cs").Select(file => Path.Combine(SourceTree.Root, folder, file))),
        file => Assert.DoesNotMatch("LibraryImport|DllImport|NativeLibrary", File.ReadAllText(file)));

    [Fact]
    public void SMTP_and_MIME_are_a_librarys() => Assert.DoesNotContain(
        SourceTree.Files("src", "*.cs"), file => IsMailOfOurOwn(File.ReadAllText(Path.Combine(SourceTree.Root, "src", file))));

    [Theory]
    [InlineData("""await CallAsync($"EHLO {name}", cancel);""")]
    [InlineData("""Write("RCPT TO:<" + to);""")]
    [InlineData("""$"MIME-Version: 1.0",""")]
    [InlineData("""return $"Content-Type: {type}\r\nContent-Transfer-Encoding: 7bit";""")]
    public void Twin_code_that_speaks_SMTP_or_writes_MIME_is_seen(string code) => Assert.True(IsMailOfOurOwn(code));

    private static bool IsMailOfOurOwn(string code) =>
        Regex.IsMatch(
            code,
            @"""(EHLO|HELO|MAIL FROM|RCPT TO|STARTTLS|AUTH |MIME-Version)|Content-Transfer-Encoding:",
            RegexOptions.ExplicitCapture,
            TimeSpan.FromSeconds(1)
        );

    private static IEnumerable<string> PackagesOf(string project) =>
        XDocument
            .Load(Path.Combine(SourceTree.Root, project))
            .Descendants()
            .Where(element => element.Name.LocalName is "PackageReference" or "FrameworkReference")
            .Select(element => (string)element.Attribute("Include")!);

    [Fact]
    public void Contracts_and_Projections_do_no_input_or_output()
    {
        Assert.Empty(InputOutput(s_contracts));
        Assert.Empty(InputOutput(s_projections));
    }

    [Fact]
    public void Twin_input_and_output_are_seen() =>
        Assert.Superset(new HashSet<string> { "System.IO.File", "System.Environment", "System.Console" }, InputOutput(s_ledger));

    /// <summary>The types that an assembly's code names of those that reach out of the process, or know what time it is.</summary>
    private static HashSet<string> InputOutput(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        return
        [
            .. metadata
                .TypeReferences.Select(metadata.GetTypeReference)
                .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
                .Where(name =>
                    name
                        is "System.Console"
                            or "System.Environment"
                            or "System.TimeProvider"
                            or "System.Diagnostics.Process"
                            or "System.Threading.Thread"
                    || (
                        name.StartsWith("System.IO.", StringComparison.Ordinal)
                        && name
                            is not "System.IO.Stream"
                                and not "System.IO.MemoryStream"
                                and not "System.IO.TextReader"
                                and not "System.IO.TextWriter"
                    )
                    || name.StartsWith("System.Net.", StringComparison.Ordinal)
                    || name.StartsWith("System.Data.", StringComparison.Ordinal)
                ),
        ];
    }

    [Fact]
    public void Every_SQL_file_is_embedded_and_loaded_by_the_class_and_under_the_name_that_it_has() =>
        Assert.Empty(
            SourceTree
                .Files("src/Ledger", "*.sql")
                .Where(file => !file.StartsWith("Database/Migrations/", StringComparison.Ordinal))
                .Select(Orphan)
                .OfType<string>()
        );

    [Theory]
    [InlineData("EventStore/EventStreams.Nowhere.sql", "is not embedded")]
    [InlineData("Database/Migrator.ApplyAsync.sql", "is not embedded")]
    [InlineData("EventStore/EventStreams.sql", "is not named after a class and what it runs")]
    public void Twin_an_orphaned_SQL_file_is_seen(string file, string problem) =>
        Assert.Contains(problem, Orphan(file), StringComparison.Ordinal);

    [Fact]
    public void Twin_a_file_that_its_class_does_not_load_is_seen() =>
        Assert.False(
            IsLoaded(
                "private static readonly string LockSql = Sql.Load(typeof(ConversationStore), \"Lock\");", "ConversationStore",
                "CountItems")
        );

    private static string? Orphan(string file)
    {
        if (Path.GetFileName(file).Split('.') is not [var type, var member, "sql"])
            return $"{file} is not named after a class and what it runs";
        if (s_ledger.GetManifestResourceInfo($"Ledger.{file.Replace('/', '.')}") is null)
            return $"{file} is not embedded";
        var source = Path.Combine(SourceTree.Root, "src", "Ledger", Path.GetDirectoryName(file)!, $"{type}.cs");
        return File.Exists(source) && IsLoaded(File.ReadAllText(source), type, member) ? null : $"{file} is not loaded by {type}";
    }

    private static bool IsLoaded(string source, string type, string member) =>
        source.Contains($"Sql.Load(typeof({type}), ", StringComparison.Ordinal)
        && (source.Contains($"nameof({member})", StringComparison.Ordinal) || source.Contains($"\"{member}\"", StringComparison.Ordinal));

    [Fact]
    public void Only_the_one_place_opens_connections() => Assert.Equal(
        ["Database/Checks/PoolerProbe.cs", "Database/Embedded/Postmaster.cs", "Database/LedgerSession.cs"],
        SourceTree.Files("src/Ledger", "*.cs")
            .Where(file => Opens(File.ReadAllText(Path.Combine(SourceTree.Root, "src", "Ledger", file))))
            .Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("var c = new NpgsqlConnection(text);")]
    [InlineData("NpgsqlDataSource.Create(text)")]
    [InlineData("new NpgsqlDataSourceBuilder(text)")]
    [InlineData("NpgsqlConnection c = new(text);")]
    public void Twin_code_that_opens_connections_is_seen(string code) => Assert.True(Opens(code));

    private static bool Opens(string code) =>
        Regex.IsMatch(
            code, @"new NpgsqlConnection\(|NpgsqlDataSource\.Create|DataSourceBuilder\(|NpgsqlConnection \w+ = new\(", RegexOptions.None,
            TimeSpan.FromSeconds(1));

    /// <summary>How the store finds out which conversation it cannot delete is its own affair.</summary>
    [Fact]
    public void No_savepoint_and_no_PostgresException_of_the_store_is_seen_in_a_deletion() => Assert.DoesNotContain(
        SourceTree.Files("src/Ledger/Execution", "*.cs"),
        file => SeesTheStoresWays(File.ReadAllText(Path.Combine(SourceTree.Root, "src/Ledger/Execution", file))));

    [Theory]
    [InlineData("await ExecuteAsync(connection, \"savepoint deletion\", cancel);")]
    [InlineData("catch (PostgresException e)")]
    public void Twin_a_savepoint_or_its_exception_is_seen(string code) => Assert.True(SeesTheStoresWays(code));

    private static bool SeesTheStoresWays(string code) =>
        code.Contains("savepoint", StringComparison.Ordinal) || code.Contains("PostgresException", StringComparison.Ordinal);

    [Fact]
    public void Only_the_one_place_reads_what_is_given_and_sets_where_is_written() => Assert.Equal(
        ["Ledger/Machine/FaultPoint.cs", "Ledger/Program.cs", "Verifier/GivenFile.cs", "Verifier/Program.cs", "Verifier/StandardStreams.cs",
            "Verifier/Utf8Output.cs"],
        SourceTree.Files("src", "*.cs")
            .Where(file => UsesConsole(File.ReadAllText(Path.Combine(SourceTree.Root, "src", file))))
            // The import has a reader of its own, of bytes.
            .Where(file => file != "Ledger/Cli/Run/ImportCommand.cs")
            .Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("Console.In.ReadLine()")]
    [InlineData("using var input = Console.OpenStandardInput();")]
    [InlineData("Console.WriteLine(id);")]
    [InlineData("Console.Error.WriteLine(id);")]
    public void Twin_code_that_uses_the_console_is_seen(string code) => Assert.True(UsesConsole(code));

    private static bool UsesConsole(string code) =>
        Regex.IsMatch(
            code, @"\bConsole\.(In\b|Out\.|Error\.|Write|Read|Open|Set|Out,)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    [Fact]
    public void Migrations_are_numbered_without_a_gap() => Assert.Equal(
        Enumerable.Range(1, Migrations.Length), Migrations.Select(file => int.Parse(file[..4])));

    private static string[] Migrations => [.. SourceTree.Files("src/Ledger/Database/Migrations", "*.sql").Order(StringComparer.Ordinal)];

    [Fact]
    public void No_folder_has_a_name_that_says_nothing() =>
        Assert.Empty(Nameless([.. SourceTree.Files("src", "*"), .. SourceTree.Files("tests", "*")]));

    [Fact]
    public void Twin_a_folder_that_says_nothing_is_seen() =>
        Assert.Equal(
            ["Ledger/Helpers/X.cs", "Ledger/Jobs/common/X.cs"],
            Nameless(["Ledger/Helpers/X.cs", "Ledger/Jobs/Services.cs", "Ledger/Jobs/common/X.cs"]));

    private static IEnumerable<string> Nameless(IEnumerable<string> files) =>
        files.Where(file =>
            file.Split('/')
                .SkipLast(1)
                .Any(folder => folder.ToLowerInvariant() is "services" or "helpers" or "common" or "managers" or "utils" or "misc")
        );

    [Fact]
    public void A_file_is_below_300_lines_and_its_namespace_is_its_folder()
    {
        Assert.All(
            SourceTree.Files("src", "*.cs"),
            file => Assert.InRange(File.ReadLines(Path.Combine(SourceTree.Root, "src", file)).Count(), 1, 299));
        // What the engine generated has a namespace of the engine's.
        var written = SourceTree
            .Files("src/Ledger", "*.cs")
            .Where(file => !file.StartsWith("Internal/Generated/", StringComparison.Ordinal));
        Assert.All(
            written,
            file => Assert.True(IsInItsNamespace(file, File.ReadAllText(Path.Combine(SourceTree.Root, "src", "Ledger", file))), file));
    }

    [Fact]
    public void Twin_a_file_in_anothers_namespace_is_seen()
    {
        Assert.False(IsInItsNamespace("Jobs/Job.cs", "namespace Ledger.Registry;"));
        Assert.False(IsInItsNamespace("Jobs/Job.cs", "namespace Ledger.JobsToo;"));
    }

    private static bool IsInItsNamespace(string file, string source) =>
        !source.Contains("\nnamespace ", StringComparison.Ordinal) && !source.StartsWith("namespace ", StringComparison.Ordinal)
        || source.Contains($"namespace {string.Join('.', ["Ledger", .. file.Split('/').SkipLast(1)])};", StringComparison.Ordinal);

    [Fact]
    public void A_rule_that_is_switched_off_says_why()
    {
        Assert.Empty(WithoutReason(".editorconfig", File.ReadAllText(Path.Combine(SourceTree.Root, ".editorconfig"))));
        Assert.Empty(SourceTree.Files("", "*.cs").Where(file => !file.Contains("/Generated/", StringComparison.Ordinal))
            .SelectMany(file => WithoutReason(file, File.ReadAllText(Path.Combine(SourceTree.Root, file)))));
    }

    [Theory]
    [InlineData("dotnet_diagnostic.CA1000.severity = none", 1)]
    [InlineData("dotnet_diagnostic.CA1000.severity = none   # reads better", 0)]
    [InlineData("#pragma warning disable CA1000", 1)]
    [InlineData("#pragma warning disable CA1000 // reads better", 0)]
    [InlineData("[SuppressMessage(\"Usage\", \"CA1000\")]", 1)]
    [InlineData("[SuppressMessage(\"Usage\", \"CA1000\", Justification = \"reads better\")]", 0)]
    public void Twin_a_rule_that_is_switched_off_without_a_word_is_seen(string line, int seen) =>
        Assert.Equal(seen, WithoutReason("a.cs", line).Count());

    private static IEnumerable<string> WithoutReason(string file, string text) => text.Split('\n')
        .Where(line => Regex.IsMatch(
            line,
            @"^\s*(dotnet_diagnostic\.\w+\.severity = none\s*$|#pragma warning disable [^/]*$"
            + @"|\[(assembly: )?SuppressMessage\((?!.*Justification))",
            RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))
        .Select(line => $"{file}: {line.Trim()}");

    [Fact]
    public void A_projects_root_holds_few_files()
    {
        foreach (var project in new[] { "Contracts", "Projections", "Ledger" })
            Assert.InRange(RootFiles(SourceTree.Files($"src/{project}", "*.cs")).Count(), 1, 6);
    }

    [Fact]
    public void Twin_files_in_the_root_are_counted() => Assert.Equal(["A.cs", "B.cs"], RootFiles(["A.cs", "Jobs/C.cs", "B.cs"]));

    private static IEnumerable<string> RootFiles(IEnumerable<string> files) => files.Where(file => !file.Contains('/'));
}
