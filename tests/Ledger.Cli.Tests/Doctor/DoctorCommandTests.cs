using Ledger.Cli.Doctor;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests.Doctor;

/// <summary>The command with nobody there: its words, its document, its exit code.</summary>
public sealed class DoctorCommandTests
{
    private const string Nobody = "http://127.0.0.1:25997";

    [Fact]
    public async Task Nobody_there_exits_4_and_says_what_to_do()
    {
        var said = await Tool.RunAsync("doctor", "--node", Nobody);

        Assert.Equal((ExitCode.VerificationFailed, ""), (said.Exit, said.Error));
        Assert.Contains("halted: none of the nodes answers.", said.Output, StringComparison.Ordinal);
        Assert.Contains("  do: ", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_gets_one_document_with_the_verdict_and_every_finding()
    {
        var document = (await Tool.RunAsync("doctor", "--node", Nobody, "--json")).Json;

        Assert.Equal("halted", document["verdict"]!.GetValue<string>());
        Assert.Contains(
            document["findings"]!.AsArray(),
            finding => finding!["code"]!.GetValue<string>() == "no_node_answers");
    }

    [Fact]
    public async Task What_answers_and_is_no_node_is_told_so()
    {
        await using var node = await FakeNode.StartAsync();
        var document = (await Tool.RunAsync("doctor", "--node", node.Url, "--json")).Json;

        Assert.Contains(
            document["findings"]!.AsArray(),
            finding => finding!["code"]!.GetValue<string>() == "not_a_node");
    }

    [Fact]
    public async Task A_node_that_is_named_twice_is_asked_once_and_is_no_twin_of_itself()
    {
        await using var node = await FakeNode.StartAsync();
        using DoctorRound round = new(TimeSpan.FromSeconds(30));

        Uri[] named = [new(node.Url), new(node.Url.TrimEnd('/') + "/")];

        var facts = await round.AskAsync(
            [.. named.Select(url => new Address(url))], TestContext.Current.CancellationToken);

        Assert.Single(facts.Visits);
    }
}
