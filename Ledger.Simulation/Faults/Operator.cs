using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// Whoever administers a Raft cluster, at bad moments: has leaders hand over, and changes who votes. When the
/// faults are over, all shall vote again, so that all must catch up.
/// </summary>
internal sealed class Operator(Simulator simulator)
{
    private static readonly TimeSpan AsksAgain = TimeSpan.FromSeconds(1);

    private readonly ValidatorIndex[] _all =
        [.. Enumerable.Range(0, simulator.Validators.Count).Select(i => new ValidatorIndex(i))];

    private bool _hasChanged;

    /// <summary>Whether all vote, as at the start.</summary>
    public bool HasRestored => !_hasChanged || (Leader is { } leader && IsWhole(leader));

    /// <summary>Of those that believe to lead the one of the latest term.</summary>
    private RaftEngine? Leader
    {
        get
        {
            RaftEngine? latest = null;
            foreach (var host in simulator.Hosts)
            {
                if (host.Life?.Engine is RaftEngine { IsLeader: true } engine && !(engine.Term < latest?.Term))
                {
                    latest = engine;
                }
            }

            return latest;
        }
    }

    public void Transfer(Chance chance)
        => Tell(new Input.TransferRequested(chance.OneIn(2) ? null : chance.Pick(_all)), chance);

    public void ChangeMembers(Chance chance)
    {
        _hasChanged = true;
        ValidatorIndex[] members = [.. _all];
        chance.Shuffle(members);
        var voters = members[..chance.Between(1, members.Length)];
        var learners = members[voters.Length..].Where(_ => chance.OneIn(3));
        Tell(new Input.MembersRequested(new(voters, [.. learners], [])), chance);
    }

    /// <summary>Asks for all validators as voters, until a leader has it so.</summary>
    public void Restore()
    {
        if (!_hasChanged)
        {
            return;
        }

        foreach (var host in simulator.Hosts)
        {
            if (host.Life is { Engine: RaftEngine { IsLeader: true } engine } && !IsWhole(engine))
            {
                host.Life.Post(new Input.MembersRequested(new(_all, [], [])));
            }
        }

        simulator.Agenda.After(AsksAgain, Restore);
    }

    private bool IsWhole(RaftEngine engine)
        => !engine.Configuration.IsJoint && engine.Configuration.Voters.Count == _all.Length
            && engine.CommitIndex == engine.LastIndex;

    /// <summary>Who believes to lead, be it true or not; anyone, when nobody does.</summary>
    private void Tell(Input wish, Chance chance)
    {
        var leaders = simulator.Hosts.Where(host => host.Life?.Engine.IsPrimary == true).ToList();
        chance.Pick(leaders.Count > 0 ? leaders : simulator.Hosts).Life?.Post(wish);
    }
}
