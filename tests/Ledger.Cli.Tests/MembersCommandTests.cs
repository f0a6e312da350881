using Ledger.Cli.Shell;
using Ledger.Crypto;
using Ledger.Node.Api;

namespace Ledger.Cli.Tests;

/// <summary>What an admin is told when a change of members is mistyped, or does not end.</summary>
public sealed class MembersCommandTests : IDisposable
{
    private static readonly ValidatorReply One = Member(0, "validator-1", ValidatorReply.Settled);
    private static readonly ValidatorReply Two = Member(1, "validator-2", ValidatorReply.Settled);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_name_that_no_member_has_is_answered_with_those_that_there_are()
    {
        await using var node = await FakeNode.StartAsync();
        node.Members = [One, Two];

        Tool.AssertRefused(
            await RemoveAsync(node, "validator-3"), ExitCode.Usage,
            "no member is called 'validator-3'; name one of validator-1, validator-2, or give its address");
        Assert.Empty(node.Applications);
    }

    [Fact]
    public async Task A_change_that_does_not_end_says_what_it_waits_for_and_that_it_is_ordered()
    {
        await using var node = await FakeNode.StartAsync();
        node.Members = [One, Two with { Phase = "leaving" }];

        Tool.AssertRefused(
            await RemoveAsync(node, "validator-2"), ExitCode.TimedOut,
            "the change is ordered in block 1 and not over after 1 s (validator-2 is leaving): it waits "
            + "until a majority of the old voters and one of the new have agreed to it; see with 'ledger "
            + "doctor'");
        Assert.Equal(1, node.Applications["RemoveValidator"]);
    }

    [Fact]
    public async Task A_change_that_is_over_is_done_and_shows_the_members()
    {
        await using var node = await FakeNode.StartAsync();
        node.Members = [One, Two];

        var said = await RemoveAsync(node, "validator-2");

        Assert.Equal((ExitCode.Done, ""), (said.Exit, said.Error));
        Assert.Contains("validator-1", said.Output, StringComparison.Ordinal);
    }

    private async Task<Said> RemoveAsync(FakeNode node, string member)
    {
        var key = _folder.Sub("admin.key.json");
        await Tool.RunAsync("keys", "new", "--out", key);
        return await Tool.RunAsync(
            "admin", "members", "remove", member, "--key", key, "--node", node.Url, "--admin", node.Url,
            "--timeout", "1");
    }

    private static ValidatorReply Member(int seat, string name, string phase)
    {
        using var key = SigningKey.FromSeed([.. Enumerable.Repeat((byte)(seat + 1), SigningKey.SeedSize)]);
        return new(seat, name, key.PublicKey.ToString(), Phase: phase);
    }
}
