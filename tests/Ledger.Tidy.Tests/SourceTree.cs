using System.Diagnostics;

namespace Ledger.Tidy.Tests;

/// <summary>The files of the project, as version control would take them, read once.</summary>
public static class SourceTree
{
    private static readonly string[] Binary = [".png", ".ico", ".gz", ".bin", ".dat", ".zip"];

    private static readonly Lazy<IReadOnlyList<SourceFile>> Read = new(ReadAll);

    /// <summary>The folder of the solution, found upwards from where the tests run.</summary>
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> Files => Read.Value;

    public static IEnumerable<SourceFile> CSharp
        => Files.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>What runs in production: the floors and the stand-ins for packages.</summary>
    public static IEnumerable<SourceFile> Product
        => CSharp.Where(
            file => file.Room.StartsWith("Ledger.", StringComparison.Ordinal) || file.Room == "compat");

    public static IEnumerable<SourceFile> Tests => CSharp.Where(file => file.Room == "tests");

    public static IEnumerable<SourceFile> Projects
        => Files.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal));

    public static SourceFile File(string path) => Files.Single(file => file.Path == path);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "Ledger.sln")))
        {
            folder = folder.Parent
                ?? throw new DirectoryNotFoundException("no folder above holds Ledger.sln");
        }

        return folder.FullName;
    }

    private static List<SourceFile> ReadAll()
        => [.. Names()
            .Where(name => !Binary.Contains(Path.GetExtension(name)))
            .Where(name => System.IO.File.Exists(Path.Combine(Root, name)))
            .Distinct()
            .Order(StringComparer.Ordinal)
            .Select(name => new SourceFile(name, System.IO.File.ReadAllText(Path.Combine(Root, name))))];

    /// <summary>Tracked files and those about to be; a copy without version control is taken whole.</summary>
    private static IEnumerable<string> Names()
        => NamesByGit() ?? Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(
                name => !name.Split('/').Any(part => part is "bin" or "obj" or "artifacts" or "TestResults"));

    private static string[]? NamesByGit()
    {
        if (!Path.Exists(Path.Combine(Root, ".git")))
        {
            return null;
        }

        string[] question = ["-C", Root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        using var git = Process.Start(
            new ProcessStartInfo("git", question) { RedirectStandardOutput = true })!;
        var names = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0 ? names.Split('\0', StringSplitOptions.RemoveEmptyEntries) : null;
    }
}
