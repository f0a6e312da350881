using Ledger.Node.Api;

namespace Ledger.Cli.Doctor.Rules;

/// <summary>
/// A validator that is connected and never votes. A certificate needs only a quorum, so one that is merely
/// slow may be missing from it: here also nobody has heard a vote of it.
/// </summary>
internal sealed class NeverVotes : IRule
{
    private const int BlocksLeast = 8;
    private const long MarginMs = 2000;

    public IEnumerable<Finding> Judge(Facts facts)
    {
        foreach (var name in facts.Validators.Where(name => !facts.IsSilent(name)))
        {
            var certified = CertifiedWhileConnected(name, facts);
            if (certified.Count < BlocksLeast || certified.Any(block => block.Signers!.Contains(name)))
            {
                continue;
            }

            var heard = facts.Members.SelectMany(member => member.Vitals?.Votes ?? [])
                .Where(vote => vote.Validator == name).Max(vote => vote.Height) ?? 0;
            if (heard < certified[0].Height)
            {
                yield return new(
                    "does_not_vote", Severity.Degraded, [name],
                    $"{name} is connected and does not vote: it is in none of the last {certified.Count} "
                    + "certificates, and "
                        + (heard == 0
                            ? "nobody has heard a vote of it" : $"its last vote was for height {heard}"),
                    $"read {name}'s log: its clock, its disk, or a block that it finds invalid; restart it "
                        + "if the log is silent, and take it for hostile if it stays so");
            }
        }
    }

    /// <summary>
    /// Nobody is blamed for blocks that were made while it was away, or before anybody could have heard it.
    /// </summary>
    private static List<BlockReply> CertifiedWhileConnected(string name, Facts facts)
    {
        var since = facts.Testimonies(name).Where(said => said.Peer.Connected)
            .Select(said => said.Peer.ConnectedMs).ToList();
        if (since.Count == 0 || since.Min() is not { } connectedMs)
        {
            return [];
        }

        var clock = facts.Members[0].Status!.Clock;
        return [.. facts.Blocks.Where(
            block => block.Signers is not null && clock - block.Time < connectedMs - MarginMs)];
    }
}
