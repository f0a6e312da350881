namespace Ledger.Simulation.Tests;

/// <summary>Where the sources are: above the folder that the tests run in.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder)
        => File.Exists(Path.Combine(folder, "Ledger.sln"))
            ? folder
            : Find(Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("no Ledger.sln above the tests"));
}
