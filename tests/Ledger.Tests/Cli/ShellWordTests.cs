using System.Diagnostics;
using Ledger.Machine;

namespace Ledger.Tests.Cli;

/// <summary>Commands that a person is shown can be copied, whatever the paths in them.</summary>
public sealed class ShellWordTests
{
    [Theory]
    [InlineData("/var/lib/deletion-ledger", "/var/lib/deletion-ledger")]
    [InlineData("./a b", "'./a b'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$HOME", "'$HOME'")]
    [InlineData("", "''")]
    [InlineData("-x", "'-x'")]
    [InlineData("~/x", "'~/x'")]
    public void Only_what_a_shell_would_read_otherwise_is_quoted(string text, string word) => Assert.Equal(word, ShellWord.Of(text));

    [Fact]
    public void A_shell_reads_every_printable_character_back_as_it_was()
    {
        var all = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c));
        var print = new ProcessStartInfo("/bin/sh", ["-c", $"printf %s {ShellWord.Of(all)}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var shell = Process.Start(print)!;
        Assert.Equal(all, shell.StandardOutput.ReadToEnd());
    }
}
