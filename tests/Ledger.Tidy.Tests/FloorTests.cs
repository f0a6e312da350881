using Ledger.Tidy.Tests.Rules;

namespace Ledger.Tidy.Tests;

/// <summary>DESIGN, section 1: the house.</summary>
public sealed class FloorTests
{
    /// <summary>Projects that need another version than the rest, each with its reason.</summary>
    private static readonly Dictionary<string, string> OwnVersions = new()
    {
        ["tests/Ledger.Simulation.Tests/Ledger.Simulation.Tests.csproj"]
            = "compiles our sources, which are newer C# than the compiler that the benchmarks pin",
    };

    [Fact]
    public void Every_arrow_points_down() => Fault.None(SourceTree.Projects.SelectMany(Floors.Arrows));

    [Theory]
    [InlineData("Ledger.Core", "../Ledger.Storage/Ledger.Storage.csproj")]
    [InlineData("Ledger.Consensus", "../Ledger.Storage/Ledger.Storage.csproj")]
    [InlineData("Ledger.Simulation", "..\\Ledger.Node\\Ledger.Node.csproj")]
    [InlineData("Ledger.Cli", "../tests/Ledger.Cli.Tests/Ledger.Cli.Tests.csproj")]
    [InlineData("MessagePack", "../../Ledger.Crypto/Ledger.Crypto.csproj")]
    public void An_arrow_up_or_sideways_is_seen(string from, string to)
        => Assert.Single(Floors.Arrows(Project(from, $"<ProjectReference Include=\"{to}\" />")));

    [Fact]
    public void An_arrow_down_is_none_of_our_business()
        => Assert.Empty(Floors.Arrows(
            Project(
                "Ledger.Node", "<ProjectReference Include=\"../Ledger.Storage/Ledger.Storage.csproj\" />")));

    [Fact]
    public void Every_floor_is_there()
        => Assert.Superset(
            Floors.Projects.Select(name => $"{name}/{name}.csproj").ToHashSet(),
            SourceTree.Projects.Select(project => project.Path).ToHashSet());

    [Fact]
    public void Internals_are_shown_to_a_projects_own_tests_alone()
    {
        Fault.None(SourceTree.Projects.SelectMany(Floors.Windows));
        Fault.None(SourceTree.Product.SelectMany(Floors.WindowsInCode));
    }

    [Fact]
    public void Internals_shown_to_another_floor_are_seen()
    {
        var project = Project(
            "Ledger.Consensus",
            "<InternalsVisibleTo Include=\"Ledger.Consensus.Tests\" />"
            + "<InternalsVisibleTo Include=\"Ledger.Node\" />");

        Assert.Contains("Ledger.Node", Assert.Single(Floors.Windows(project)).What, StringComparison.Ordinal);
        Assert.Single(Floors.WindowsInCode(new("Ledger.Core/A.cs", "[assembly: InternalsVisibleTo(\"x\")]")));
    }

    [Fact]
    public void The_lower_floors_stand_on_the_named_packages_alone()
        => Fault.None(SourceTree.Projects.SelectMany(Floors.Packages));

    [Theory]
    [InlineData("Ledger.Core", "<PackageReference Include=\"Polly.Core\" />")]
    [InlineData("Ledger.Consensus", "<CompatReference Include=\"RocksDbSharp\" PackageId=\"RocksDB\" />")]
    public void A_package_on_a_lower_floor_is_seen(string project, string reference)
        => Assert.Single(Floors.Packages(Project(project, reference)));

    [Fact]
    public void Versions_of_packages_stand_in_one_place()
    {
        var central = SourceTree.File("Directory.Packages.props").Text;

        Fault.None(
            SourceTree.Projects.Where(project => !OwnVersions.ContainsKey(project.Path))
                .SelectMany(project => Floors.Versions(project, central)));
    }

    [Theory]
    [InlineData("<PackageReference Include=\"Known\" Version=\"1.0\" />")]
    [InlineData("<PackageReference Include=\"Known\" VersionOverride=\"1.0\" />")]
    [InlineData("<PackageReference Include=\"Known\"><Version>1.0</Version></PackageReference>")]
    [InlineData("<PackageReference Include=\"Unknown\" />")]
    public void A_version_elsewhere_or_nowhere_is_seen(string reference)
        => Assert.Single(Floors.Versions(
            Project("Ledger.Cli", reference),
            "<Project><PackageVersion Include=\"Known\" Version=\"2.0\" /></Project>"));

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = SourceTree.File("Ledger.sln").Text.Replace('\\', '/');

        Fault.None(
            from project in SourceTree.Projects
            where !solution.Contains($"\"{project.Path}\"", StringComparison.Ordinal)
            select new Fault(project.Path, 1, "is not in Ledger.sln, so nothing builds it"));
    }

    [Fact]
    public void Every_test_project_is_run()
    {
        var script = SourceTree.File("test").Text;

        Fault.None(
            from project in SourceTree.Projects
            where project.Path.EndsWith(".Tests.csproj", StringComparison.Ordinal)
            let name = Path.GetFileNameWithoutExtension(project.Path)["Ledger.".Length..^".Tests".Length]
            where !script.Split(' ', '(', ')').Contains(name)
            select new Fault(project.Path, 1, "is not run by ./test"));
    }

    private static SourceFile Project(string name, string items)
        => new($"{name}/{name}.csproj", $"<Project><ItemGroup>{items}</ItemGroup></Project>");
}
