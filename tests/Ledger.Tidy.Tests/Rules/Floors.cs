using System.Xml.Linq;

namespace Ledger.Tidy.Tests.Rules;

/// <summary>
/// The seven projects, one floor each, and the arrows between them, which only ever point down.
/// </summary>
public static class Floors
{
    private static readonly Dictionary<string, int> FloorOf = new()
    {
        ["Ledger.Crypto"] = 0,
        ["Ledger.Core"] = 1,
        ["Ledger.Consensus"] = 2,
        ["Ledger.Storage"] = 2,
        ["Ledger.Node"] = 3,
        ["Ledger.Simulation"] = 3,
        ["Ledger.Cli"] = 4,
    };

    /// <summary>Who may stand on which of the named packages, and on what else the feed has.</summary>
    private static readonly Dictionary<string, string[]> PackagesOf = new()
    {
        ["Ledger.Crypto"] = ["NSec.Cryptography"],
        ["Ledger.Core"] = ["MessagePack"],
        ["Ledger.Consensus"] = [],
        ["Ledger.Storage"] = ["RocksDB"],
        ["Ledger.Simulation"] = [],
    };

    public static IEnumerable<string> Projects => FloorOf.Keys;

    public static IEnumerable<Fault> Arrows(SourceFile project)
    {
        var name = NameOf(project.Path);
        return from reference in References(project, "ProjectReference")
               let target = NameOf(reference.Replace('\\', '/'))
               where !PointsDown(name, target)
               select new Fault(project.Path, 1, $"an arrow from {name} to {target} does not point down");
    }

    public static IEnumerable<Fault> Windows(SourceFile project)
        => from friend in References(project, "InternalsVisibleTo")
           where friend != NameOf(project.Path) + ".Tests"
           select new Fault(
               project.Path, 1, $"shows its internals to {friend}, which is not its test project");

    public static IEnumerable<Fault> WindowsInCode(SourceFile file)
        => from line in file.CodeLines
           where line.Text.Contains("InternalsVisibleTo", StringComparison.Ordinal)
           select new Fault(file.Path, line.Number, "internals are shown in the project file or not at all");

    public static IEnumerable<Fault> Packages(SourceFile project)
    {
        if (!PackagesOf.TryGetValue(NameOf(project.Path), out var allowed))
        {
            return [];
        }

        var compat = XDocument.Parse(project.Text).Descendants("CompatReference")
            .Select(element => (string?)element.Attribute("PackageId") ?? "");
        return from package in References(project, "PackageReference").Concat(compat)
               where !allowed.Contains(package)
               select new Fault(project.Path, 1, $"{package} is not for this floor");
    }

    public static IEnumerable<Fault> Versions(SourceFile project, string centralVersions)
    {
        var central = XDocument.Parse(centralVersions).Descendants("PackageVersion")
            .Select(element => (string?)element.Attribute("Include")).ToHashSet();
        foreach (var element in XDocument.Parse(project.Text).Descendants("PackageReference"))
        {
            var package = (string?)element.Attribute("Include");
            if (element.Attribute("Version") is not null || element.Attribute("VersionOverride") is not null
                || element.Element("Version") is not null)
            {
                yield return new(
                    project.Path, 1, $"names a version of {package}: Directory.Packages.props does");
            }

            if (!central.Contains(package) && package?.StartsWith('@') != true)
            {
                yield return new(project.Path, 1, $"{package} has no version in Directory.Packages.props");
            }
        }
    }

    /// <summary>Tests and examples stand where they like, nothing on them; compat/ on nothing.</summary>
    private static bool PointsDown(string from, string to)
        => IsTest(from)
            ? !IsTest(to)
            : FloorOf.TryGetValue(from, out var upper)
                && FloorOf.TryGetValue(to, out var lower)
                && lower < upper;

    private static bool IsTest(string name)
        => name.EndsWith(".Tests", StringComparison.Ordinal)
            || name is "Ledger.EndToEnd" or "Ledger.Benchmarks" or "light-client";

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path);

    private static IEnumerable<string> References(SourceFile project, string element)
        => XDocument.Parse(project.Text).Descendants(element).Select(
            reference => (string?)reference.Attribute("Include") ?? "");
}
