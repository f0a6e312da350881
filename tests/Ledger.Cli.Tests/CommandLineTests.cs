using System.CommandLine;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests;

/// <summary>
/// The contract with scripts: exit codes, one JSON document, and errors that say how to mend them.
/// </summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("frobnicate")]
    [InlineData("--frobnicate")]
    [InlineData("keys new")]
    [InlineData("keys")]
    [InlineData("keys show")]
    [InlineData("tx put notes")]
    [InlineData("tx put notes key value --expect-version x")]
    [InlineData("tx submit --file f --rate 0")]
    [InlineData("tx submit --file f --format xml")]
    [InlineData("network init --out d --validators 0")]
    [InlineData("network init --out d --validators x")]
    [InlineData("network init --out d --mode paxos")]
    [InlineData("block first")]
    [InlineData("bench --clients 0")]
    [InlineData("status --timeout -1")]
    [InlineData("doctor --patience 0")]
    [InlineData("admin log-level loud")]
    [InlineData("admin journal --last 0")]
    public async Task Wrong_usage_exits_2_and_names_the_help(string line)
    {
        var said = await Tool.RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Usage, said.Exit);
        Assert.StartsWith("error: ", said.Error, StringComparison.Ordinal);
        Assert.Contains("; see 'ledger", said.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tx put ns key v --expect-version -1", "--expect-version", "at least 0, not '-1'")]
    [InlineData("tx transfer gold ab -5", "amount", "at least 0, not '-5'")]
    [InlineData("tx define-asset gold --decimals 256", "--decimals", "from 0 to 255, not '256'")]
    [InlineData("tx grant ab king", "role", "one of admin, issuer, writer, reader, not 'king'")]
    [InlineData("tx submit --file f --rate 1.5", "--rate", "")]
    [InlineData("replay f --from x", "--from", "a whole number, not 'x'")]
    [InlineData("watch --from yesterday", "--from", "at least 0, not 'yesterday'")]
    public async Task A_value_of_the_wrong_form_is_named_without_a_word_of_the_runtime(
        string line, string name, string kind)
    {
        var said = await Tool.RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Usage, said.Exit);
        Assert.Contains($"{name} must be ", said.Error, StringComparison.Ordinal);
        Assert.Contains(kind, said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Ledger.", said.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status --node ftp://x", "is not a node's URL")]
    [InlineData("status --node nonsense", "is not a node's URL")]
    [InlineData("tx put notes key value", "no key to sign with")]
    public async Task Wrong_values_exit_2_and_say_what_to_write(string line, string what)
        => Tool.AssertRefused(await Tool.RunAsync(line.Split(' ')), ExitCode.Usage, what);

    [Fact]
    public async Task A_node_that_does_not_answer_exits_1_and_is_named()
    {
        var said = await Tool.RunAsync("status", "--node", "http://127.0.0.1:25999", "--json");

        Assert.Equal(ExitCode.Failed, said.Exit);
        Assert.Contains("127.0.0.1:25999", said.Error + said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_exits_1()
        => Tool.AssertRefused(
            await Tool.RunAsync("tx", "submit", "--file", "missing.jsonl", "--key", "missing.json"),
            ExitCode.Failed, "there is no file missing.jsonl");

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task Version_is_data(string asked)
    {
        var plain = await Tool.RunAsync(asked);
        var json = await Tool.RunAsync(asked, "--json");

        Assert.Equal((ExitCode.Done, ""), (plain.Exit, plain.Error));
        Assert.StartsWith("ledger ", plain.Output, StringComparison.Ordinal);
        Assert.NotEmpty(json.Json["version"]!.GetValue<string>());
    }

    [Fact]
    public async Task Every_command_has_a_help_and_every_last_one_an_example()
    {
        foreach (var path in PathsOf(
            CommandLine.Root(new(TextWriter.Null, TextWriter.Null, false, _ => null)), []))
        {
            var said = await Tool.RunAsync([.. path, "--help"]);

            Assert.Equal((ExitCode.Done, ""), (said.Exit, said.Error));
            Assert.Contains("Usage:", said.Output, StringComparison.Ordinal);
            if (path.Length > 0)
            {
                Assert.Contains("Examples:\n  ", said.Output, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>An example that does not parse teaches the wrong thing.</summary>
    [Fact]
    public void Every_example_parses()
    {
        var root = CommandLine.Root(new(TextWriter.Null, TextWriter.Null, false, _ => null));
        var examples = CommandsOf(root).OfType<ExampleCommand>().SelectMany(command => command.Examples)
            .Where(example => example.StartsWith("ledger ", StringComparison.Ordinal))
            .Select(example => example["ledger ".Length..].Split(" #")[0]).ToList();

        Assert.True(examples.Count > 20);
        Assert.All(examples.Where(IsPlain), example => Assert.Empty(root.Parse(example).Errors));
    }

    /// <summary>Not one that shows how a shell joins programs.</summary>
    private static bool IsPlain(string example) => example.IndexOfAny(['|', '>', '<', '$']) < 0;

    private static IEnumerable<string[]> PathsOf(Command command, string[] path)
        => command.Subcommands.Where(child => !child.Hidden)
            .SelectMany(child => PathsOf(child, [.. path, child.Name])).Prepend(path);

    private static IEnumerable<Command> CommandsOf(Command command)
        => command.Subcommands.SelectMany(CommandsOf).Prepend(command);
}
