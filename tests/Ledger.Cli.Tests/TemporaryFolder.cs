namespace Ledger.Cli.Tests;

/// <summary>A folder of its own for one test, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ledger-cli-").FullName;

    public string Sub(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(Sub(name), text);
        return Sub(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
