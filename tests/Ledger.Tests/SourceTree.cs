namespace Ledger.Tests;

/// <summary>The source tree that the tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The folder of <c>Ledger.sln</c>.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Ledger.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests run outside of their source tree");
        return folder;
    }

    /// <summary>Files below a folder of the tree that are not build output, relative to it, with <c>/</c>.</summary>
    public static IEnumerable<string> Files(string folder, string pattern)
    {
        var top = Path.Combine(Root, folder);
        return Directory.EnumerateFiles(top, pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(top, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"));
    }
}
