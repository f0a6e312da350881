using System.Reflection;
using System.Runtime.Loader;
using Ledger.Consensus;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Ledger.Simulation.Tests.Broken;

/// <summary>
/// The consensus project compiled anew with one rule broken, and the simulator loaded beside it: the product
/// itself has no switch that breaks it.
/// </summary>
internal sealed class BrokenEngine
{
    private static readonly Lazy<IReadOnlyList<(string File, SyntaxTree Tree)>> Sources = new(ReadSources);

    private static readonly Lazy<IReadOnlyList<MetadataReference>> References = new(() =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is not ("Ledger.Consensus.dll" or "Ledger.Simulation.dll"))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ]);

    private readonly Func<string, ulong, int, int, string?> _breachOf;

    private BrokenEngine(byte[] consensus)
    {
        var simulation = new Context(consensus).LoadFromAssemblyName(new("Ledger.Simulation"));
        _breachOf = simulation.GetType("Ledger.Simulation.SeedRun", throwOnError: true)!
            .GetMethod("BreachOf")!
            .CreateDelegate<Func<string, ulong, int, int, string?>>();
    }

    /// <exception cref="InvalidOperationException">A text is not in the source, or there more than once, or
    /// the broken source does not compile: the table must be mended.</exception>
    public static BrokenEngine With(BrokenRule rule) => new(Compile(rule));

    /// <summary>The consensus assembly with this rule broken.</summary>
    /// <inheritdoc cref="With" path="/exception"/>
    public static byte[] Compile(BrokenRule rule)
    {
        List<SyntaxTree> trees = [];
        var edits = rule.Edits.ToList();
        foreach (var (file, source) in Sources.Value)
        {
            var tree = source;
            foreach (var edit in edits.FindAll(edit => edit.File == file))
            {
                tree = Parse(file, Apply(edit, tree.ToString()));
                edits.Remove(edit);
            }

            trees.Add(tree);
        }

        return edits.Count == 0
            ? Compile(trees)
            : throw new InvalidOperationException($"There is no file {edits[0].File} in the engine.");
    }

    public string? BreachOf(string engine, ulong seed, int nodes, int steps)
        => _breachOf(engine, seed, nodes, steps);

    private static string Apply(Edit edit, string text)
    {
        var wanted = edit.Text.ReplaceLineEndings("\n");
        var at = text.IndexOf(wanted, StringComparison.Ordinal);
        return at >= 0 && text.IndexOf(wanted, at + 1, StringComparison.Ordinal) < 0
            ? text[..at] + edit.Instead + text[(at + wanted.Length)..]
            : throw new InvalidOperationException(
                $"'{edit.Text}' is {(at < 0 ? "not" : "more than once")} in {edit.File}: the engine has "
                + "changed, and this rule's breaking must follow it.");
    }

    private static byte[] Compile(List<SyntaxTree> trees)
    {
        var compilation = CSharpCompilation.Create(
            "Ledger.Consensus", trees, References.Value,
            new(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release,
                nullableContextOptions: NullableContextOptions.Enable));
        using var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        return result.Success
            ? stream.ToArray()
            : throw new InvalidOperationException(
                "The broken engine does not compile: "
                + string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
    }

    private static SyntaxTree Parse(string file, string text)
        => CSharpSyntaxTree.ParseText(text, new(LanguageVersion.Preview), file);

    private static List<(string File, SyntaxTree Tree)> ReadSources()
    {
        var root = Path.Combine(Repository.Root, "Ledger.Consensus");
        List<(string, SyntaxTree)> sources =
        [
            ("usings", Parse("usings",
                "global using System; global using System.Collections.Generic; global using System.IO; "
                + "global using System.Linq; global using System.Threading; global using "
                + "System.Threading.Tasks; [assembly: "
                + $"System.Reflection.AssemblyVersion(\"{typeof(Replica).Assembly.GetName().Version}\")]")),
        ];
        foreach (var path in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal))
        {
            var file = Path.GetRelativePath(root, path);
            if (!file.StartsWith("obj/", StringComparison.Ordinal)
                && !file.StartsWith("bin/", StringComparison.Ordinal))
            {
                sources.Add((file, Parse(file, File.ReadAllText(path).ReplaceLineEndings("\n"))));
            }
        }

        return sources;
    }

    /// <summary>
    /// Has its own engine and simulator, and shares all below them. It stays loaded to the end: with
    /// collectible contexts .NET 10.0.12 now and then ends the process with an access violation after one was
    /// unloaded. Some two megabytes each are the price.
    /// </summary>
    private sealed class Context(byte[] consensus) : AssemblyLoadContext("broken")
    {
        protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name switch
        {
            "Ledger.Consensus" => LoadFromStream(new MemoryStream(consensus)),
            "Ledger.Simulation" => LoadFromAssemblyPath(typeof(Simulator).Assembly.Location),
            _ => null,
        };
    }
}
