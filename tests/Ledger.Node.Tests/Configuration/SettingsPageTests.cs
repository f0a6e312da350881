using Ledger.Node.Configuration;

namespace Ledger.Node.Tests.Configuration;

/// <summary>
/// The table in docs/configuration.md is made from the settings themselves, so that it cannot be stale. To
/// write it anew: <c>UPDATE_DOCS=1 dotnet tests/Ledger.Node.Tests/bin/Debug/net10.0/Ledger.Node.Tests.dll
/// -class "*SettingsPageTests"</c>.
/// </summary>
public sealed class SettingsPageTests
{
    private const string Header = "| path | default | |\n|---|---|---|\n";

    [Fact]
    public void The_page_lists_every_setting_as_the_node_knows_it()
    {
        var file = Path.Combine(Root(), "docs/configuration.md");
        var page = File.ReadAllText(file);
        var start = page.IndexOf(Header, StringComparison.Ordinal);
        var end = page.IndexOf("\n\n", start, StringComparison.Ordinal) + 1;
        var expected = page[..start] + Table() + page[end..];
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") is not null)
        {
            File.WriteAllText(file, expected);
        }

        Assert.Equal(expected, File.ReadAllText(file));
    }

    private static string Table() => Header + string.Concat(NodeOptionsLoader.Known.Select(
        known => $"| `{known.Path}` | {DefaultOf(known.Default)} | {known.Meaning} |\n"));

    private static string DefaultOf(string? value) => value switch
    {
        null => "must be given",
        "" => "none",
        _ => $"`{value}`",
    };

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Ledger.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
