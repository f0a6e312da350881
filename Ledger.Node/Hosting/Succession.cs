using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Configuration;
using Ledger.Node.Consensus;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Hosting;

/// <summary>
/// The validators have changed: tells everyone in this node who asks who they are, before the engine goes on.
/// </summary>
internal sealed class Succession(
    NodeParts parts, IConsensusProtocol protocol, ValidatorDirectory directory, ConsensusLoop loop,
    ConsensusDiary diary, SyncLag lag, Roster roster, MembersNews members, ILogger logger)
{
    /// <summary>The block that changed them is durable. Runs on the executor's thread.</summary>
    /// <returns>This node's seat from now on, and what the engine is to be told.</returns>
    /// <exception cref="ConfigurationException">This node has become a witness, and was not started as
    /// one.</exception>
    public (ValidatorIndex Self, IReadOnlyList<Input> News) ByLedger(Epoch epoch, Input.Finalised finalised)
    {
        var history = ValidatorHistory.Read(parts.Genesis, key => parts.Store.ReadState(key));
        var self = Begin(epoch, history, finalised.Height);
        if (directory.IsWitness)
        {
            throw new ConfigurationException(
            [
                "peers.join: an admin has added this key as a witness, which keeps no blocks; write "
                    + "'witness' there and start with an empty data folder",
            ]);
        }

        members.TellAll();
        return (self, protocol.NewsOf(finalised));
    }

    /// <summary>A witness has no ledger, and takes a peer's word for it.</summary>
    public void ByWord(MembersWord word)
    {
        var seated = word.History.Seated;
        if (seated.IndexOf(parts.Key.PublicKey) is { } seat && !word.History.IsWitness(seat))
        {
            NodeLog.IsNoWitness(
                logger, seated[seat].Name, ValidatorDirectory.RoleOf(word.History, seat), word.Height);
            return;
        }

        Begin(word.EpochOn(parts.Genesis), word.History, word.Height);
        NodeLog.Told(
            logger, word.Height, string.Join(", ", directory.Seated.Members.Select(member => member.Name)));
        if (protocol.Told() is { } news)
        {
            loop.Post(news);
        }
    }

    private ValidatorIndex Begin(Epoch epoch, ValidatorHistory history, Height asOf)
    {
        loop.Seat(history.Seats);
        diary.Seat(history.Seats);
        var self = directory.Begin(epoch, history, asOf);
        lag.Follow(directory.Seated, protocol.LiarsMax);
        roster.OnLedger();
        return self;
    }
}
