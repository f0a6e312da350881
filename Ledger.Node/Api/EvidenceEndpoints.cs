using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Offences;
using Ledger.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ledger.Node.Api;

/// <summary>
/// Which validators are proven to have voted twice: on the ledger, and held here until it is.
/// </summary>
internal sealed class EvidenceEndpoints(
    ValidatorDirectory directory, LedgerStore store, EvidenceService witness)
{
    private const int EvidenceMax = 1000;

    public void Map(IEndpointRouteBuilder routes)
        => routes.MapGet("/v1/evidence", List).Produces<EvidenceReply[]>();

    private IResult List()
    {
        // First what is held: a proof that gets onto the ledger in between is then listed twice, and not left
        // out.
        var held = witness.Held;
        using var snapshot = store.Snapshot();
        var recorded = snapshot.ReadStateRange(StateKey.Offences.ToArray())
            .Where(pair => StateKey.IsOffence(pair.Key))
            .Take(EvidenceMax)
            .Select(pair => OffenceEntry.Decode(pair.Value))
            .OrderBy(entry => entry.RecordedAt)
            .ToList();
        var known = recorded.Select(entry => entry.Evidence.Offence).ToHashSet();
        return Results.Ok((EvidenceReply[])[
            .. recorded.Select(entry => Describe(entry.Evidence, entry)),
            .. held.Where(evidence => !known.Contains(evidence.Offence))
                .Select(evidence => Describe(evidence, null)),
        ]);
    }

    private EvidenceReply Describe(Evidence evidence, OffenceEntry? entry)
    {
        var offence = evidence.Offence;
        var validators = directory.History.SetAt(offence.Height);
        var isProposal = offence.Kind == StatementKind.Prepare
            && validators.IndexOf(offence.Validator) == validators.PrimaryOf(offence.View);
        return new(
            isProposal ? "proposal" : offence.Kind == StatementKind.Prepare ? "prepare" : "commit",
            NameOf(offence.Validator), offence.Validator.ToString(), offence.View.Value, offence.Height.Value,
            Describe(evidence.First), Describe(evidence.Second), entry?.RecordedAt.Value,
            entry is null ? null : NameOf(entry.Reporter));
    }

    private static SignedVoteReply Describe(SignedVote vote)
        => new(vote.Block.ToString(), vote.Signature.ToString());

    private string NameOf(PublicKey key)
        => directory.History.LastOf(key)?.Name ?? key.ToString();
}
