using System.Net;
using Ledger.Cli.Shell;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ledger.Cli.Tests;

/// <summary>What is said when no node does what it is asked depends on whether one is there at all.</summary>
public sealed class NoNodeAnswersTests
{
    private const string Nobody = "http://127.0.0.1:25996";

    [Fact]
    public async Task Where_none_is_there_a_devnet_is_advised()
        => Tool.AssertRefused(
            await Tool.RunAsync("validators", "--node", Nobody), ExitCode.Failed,
            $"no node answers: {Nobody}/ (Connection refused); start one with 'ledger devnet'");

    [Fact]
    public async Task Where_one_has_answered_its_reason_is_told_and_no_devnet_advised()
    {
        await using var node = await UnreadyAsync();
        var url = node.Urls.Single();

        var said = await Tool.RunAsync("validators", "--node", url, "--node", Nobody);

        Tool.AssertRefused(
            said, ExitCode.Failed,
            $"error: {url}/ is not ready: it drains, {Nobody}/ does not answer (Connection refused); ");
        Assert.DoesNotContain("devnet", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_of_several_names_the_one_that_does_not_answer()
    {
        var said = await Tool.RunAsync("status", "--node", Nobody, "--node", Nobody + "/other/");

        Assert.Equal(ExitCode.Failed, said.Exit);
        Assert.StartsWith(
            $"error: {Nobody}/ does not answer (Connection refused); start it, or ", said.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("devnet", said.Error, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> UnreadyAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        web.MapFallback(() => Results.Problem("it drains", statusCode: 503));
        await web.StartAsync(TestContext.Current.CancellationToken);
        return web;
    }
}
