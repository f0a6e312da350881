using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests;

/// <summary>What an operator is told when the administrative port cannot be spoken to.</summary>
public sealed class AdminCommandTests
{
    private const string Nobody = "http://127.0.0.1:25998";

    [Fact]
    public async Task A_node_that_does_not_answer_is_named_and_the_port_explained()
        => Tool.AssertRefused(
            await Tool.RunAsync("admin", "peers", "--admin", Nobody), ExitCode.Failed,
            $"nothing answers at {Nobody}");

    [Fact]
    public async Task What_is_no_url_is_refused_with_one_to_copy()
        => Tool.AssertRefused(
            await Tool.RunAsync("admin", "peers", "--admin", "8081"), ExitCode.Usage,
            "is not a node's administrative URL");
}
