using Ledger.Tidy.Tests.Rules;

namespace Ledger.Tidy.Tests;

/// <summary>What the code may not say, and what happens when it does.</summary>
public sealed class CodeTests
{
    /// <summary>They have no threads, and no order that a hash table gave.</summary>
    private static readonly string[] PureRooms = ["Ledger.Core", "Ledger.Consensus", "Ledger.Simulation"];

    /// <summary>Files that read a hash table where the order is lost again, each with its reason.</summary>
    private static readonly Dictionary<string, string> OrderIsLost = new()
    {
        { "Ledger.Core/Execution/Overlay.cs", "sorts what it copies, and merges distinct keys elsewhere" },
    };

    /// <summary>Loops that own the thread they wait on, for a bell and never for a task.</summary>
    private static readonly string[] OwnThread =
    [
        "Ledger.Node/Consensus/ConsensusLoop.cs", "Ledger.Node/Consensus/ExecutionService.cs",
        "Ledger.Node/Flight/FlightRecorder.cs",
    ];

    private static IEnumerable<SourceFile> Pure
        => SourceTree.Product.Where(file => PureRooms.Contains(file.Room));

    [Fact]
    public void The_product_is_finished() => Fault.None(SourceTree.Product.SelectMany(Words.Unfinished));

    [Theory]
    [InlineData("// TO" + "DO: later")]
    [InlineData("throw new NotImplemented" + "Exception();")]
    [InlineData("/// A stu" + "b of it.")]
    [InlineData("var confir" + "med = true;")]
    public void Unfinished_work_is_seen(string text) => Assert.Single(Words.Unfinished(Product(text)));

    [Theory]
    [InlineData("var stubborn = new Hacker();")]
    [InlineData("var mastodon = todos;")]
    public void A_word_within_a_word_is_none(string text) => Assert.Empty(Words.Unfinished(Product(text)));

    [Fact]
    public void No_construct_is_used_that_the_house_does_without()
        => Fault.None(SourceTree.Product.SelectMany(Constructs.Banned));

    [Theory]
    [InlineData("#reg" + "ion Fields")]
    [InlineData("#pragma warning dis" + "able CA1000")]
    [InlineData("private async vo" + "id OnClick()")]
    [InlineData("Thread.Sl" + "eep(1);")]
    public void A_banned_construct_is_seen(string text) => Assert.Single(Constructs.Banned(Product(text)));

    [Fact]
    public void No_thread_waits_for_a_task()
        => Fault.None(
            from file in SourceTree.Product
            from fault in Constructs.Blocking(file)
            where !(OwnThread.Contains(file.Path) && fault.What.StartsWith(
                "'.Wait('", StringComparison.Ordinal))
            select fault);

    [Theory]
    [InlineData("var x = task.Result;")]
    [InlineData("task.Wait();")]
    [InlineData("task.GetAwaiter().GetResult();")]
    public void A_thread_that_waits_is_seen(string text) => Assert.Single(Constructs.Blocking(Product(text)));

    [Fact]
    public void No_test_sleeps_and_none_is_switched_off()
    {
        Fault.None(SourceTree.Tests.SelectMany(Constructs.SleepingTests));
        Fault.None(SourceTree.Tests.SelectMany(Constructs.SkippedTests));
    }

    [Fact]
    public void A_test_that_sleeps_or_is_switched_off_is_seen()
    {
        Assert.Single(Constructs.SleepingTests(Product("await Task.Del" + "ay(10);")));
        Assert.Single(Constructs.SkippedTests(Product("[Fact(Sk" + "ip = \"flaky\")]")));
    }

    [Fact]
    public void The_core_knows_no_threads() => Fault.None(Pure.SelectMany(Constructs.Concurrency));

    [Theory]
    [InlineData("lock (_gate)")]
    [InlineData("using System.Threading.Channels;")]
    [InlineData("public async Task RunAsync()")]
    [InlineData("private volatile bool _stopped;")]
    public void A_thread_in_the_core_is_seen(string text)
        => Assert.Single(Constructs.Concurrency(Product(text)));

    [Theory]
    [InlineData("var block = Block(height);")]
    [InlineData("// a lock (of sorts)")]
    public void A_word_that_only_looks_like_one_is_none(string text)
        => Assert.Empty(Constructs.Concurrency(Product(text)));

    [Fact]
    public void No_hash_table_is_read_in_its_order_in_the_core()
        => Fault.None(
            Pure.Where(file => !OrderIsLost.ContainsKey(file.Path)).SelectMany(HashOrder.Enumerated));

    [Fact]
    public void An_exception_to_that_is_still_needed()
        => Assert.All(OrderIsLost.Keys, path => Assert.NotEmpty(HashOrder.Enumerated(SourceTree.File(path))));

    [Theory]
    [InlineData("foreach (var (key, value) in _table)")]
    [InlineData("foreach (var key in _table.Keys)")]
    [InlineData("int[] values = [.. _table.Values];")]
    [InlineData("var first = _table.First();")]
    [InlineData("var all = _table.Values.Select(value => value.Hash);")]
    public void A_hash_table_read_in_its_order_is_seen(string use)
        => Assert.Single(HashOrder.Enumerated(
            Product($"private readonly Dictionary<int, List<int>> _table = [];\n{use}")));

    [Theory]
    [InlineData("private readonly SortedDictionary<int, int> _table = [];\nforeach (var x in _table)")]
    [InlineData("private readonly Dictionary<int, int> _table = [];\n_table.TryGetValue(1, out var x);")]
    public void A_sorted_table_or_a_look_into_one_is_none(string text)
        => Assert.Empty(HashOrder.Enumerated(Product(text)));

    [Fact]
    public void Nothing_static_changes()
        => Fault.None(SourceTree.Product.SelectMany(Constructs.StaticMutableState));

    [Theory]
    [InlineData("    private static int _count;")]
    [InlineData("    internal static Cache? Shared = new();")]
    [InlineData("    public static string Name { get; set; } = \"\";")]
    [InlineData("    [ThreadStatic] private static byte[]? _buffer;")]
    public void Static_state_that_changes_is_seen(string text)
        => Assert.Single(Constructs.StaticMutableState(Product(text)));

    [Theory]
    [InlineData("    private static readonly int Count = 3;")]
    [InlineData("    private const int Count = 3;")]
    [InlineData("    public static int Count => 3;")]
    [InlineData("    public static int Count() => Other();")]
    [InlineData("    public static Pace Default { get; } = new();")]
    public void A_static_that_stays_is_none(string text)
        => Assert.Empty(Constructs.StaticMutableState(Product(text)));

    [Fact]
    public void Classes_are_sealed()
        => Fault.None(
            SourceTree.Product.Where(file => file.Room != "compat").SelectMany(Constructs.OpenClasses));

    [Theory]
    [InlineData("public class Open")]
    [InlineData("internal partial class Open")]
    [InlineData("public record Open(int X);")]
    public void An_open_class_is_seen(string text) => Assert.Single(Constructs.OpenClasses(Product(text)));

    [Theory]
    [InlineData("public sealed class Closed")]
    [InlineData("public abstract record Family")]
    [InlineData("public readonly record struct Value(int X);")]
    [InlineData("record = record[8..];")]
    public void A_closed_class_is_none(string text) => Assert.Empty(Constructs.OpenClasses(Product(text)));

    [Fact]
    public void A_name_says_when_it_is_to_be_awaited()
        => Fault.None(SourceTree.Product.SelectMany(Constructs.AsyncNames));

    [Fact]
    public void An_async_method_by_another_name_is_seen()
    {
        Assert.Single(Constructs.AsyncNames(Product("private async Task<int> Run()")));
        Assert.Empty(Constructs.AsyncNames(Product("private async Task<int> RunAsync()")));
    }

    [Fact]
    public void Namespaces_take_a_line_not_a_level()
        => Fault.None(SourceTree.CSharp.SelectMany(Constructs.Namespaces));

    [Theory]
    [InlineData("namespace Ledger\n{\n}")]
    [InlineData("namespace Ledger {\n}")]
    [InlineData("public sealed class Homeless;")]
    public void A_namespace_with_braces_or_none_is_seen(string text)
        => Assert.Single(Constructs.Namespaces(Product(text)));

    private static SourceFile Product(string text) => new("Ledger.Core/Sample.cs", text + "\n");
}
