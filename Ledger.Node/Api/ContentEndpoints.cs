using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ledger.Node.Api;

/// <summary>What a final transaction says, in the words in which one is submitted.</summary>
internal sealed class ContentEndpoints(LedgerStore store, HeavyReads heavy)
{
    public void Map(IEndpointRouteBuilder routes)
        => routes.MapGet("/v1/transactions/{hash}/content", (string hash) => Show(hash))
            .Produces<ContentReply>().AddEndpointFilter(heavy);

    private IResult Show(string text)
    {
        if (!Digest.TryParse(text, out var hash))
        {
            return Problems.BadRequest("a transaction's hash is 64 hexadecimal digits");
        }

        if (store.FindTransaction(hash) is not { } place || store.ReadBlock(place.Height) is not { } block)
        {
            return Problems.NotFound($"no transaction {text} is final here");
        }

        var transaction = block.Transactions[place.Index];
        var body = transaction.Body;
        return Results.Ok(new ContentReply(
            text, body.Sender.ToString(), body.ValidUntil.UnixMilliseconds, body.Nonce,
            [.. body.Operations.Select(Describe)],
            transaction.Signature.ToString()));
    }

    private static OperationRequest Describe(Operation operation) => operation switch
    {
        Operation.Put put => new(
            "put", put.Namespace, put.Key, Convert.ToBase64String(put.Value.Span), put.ExpectedVersion),
        Operation.Delete delete
            => new("delete", delete.Namespace, delete.Key, ExpectedVersion: delete.ExpectedVersion),
        Operation.DefineAsset define => new("define-asset", Asset: define.Asset, Decimals: define.Decimals),
        Operation.Issue issue => new(
            "issue", Asset: issue.Asset, To: issue.To.ToString(), Amount: issue.Amount.Value),
        Operation.Transfer transfer => new(
            "transfer", Asset: transfer.Asset, To: transfer.To.ToString(), Amount: transfer.Amount.Value),
        Operation.Burn burn => new("burn", Asset: burn.Asset, Amount: burn.Amount.Value),
        Operation.Grant grant => new(
            "grant", NullIfEmpty(grant.Namespace), Account: grant.Account.ToString(), Role: WordOf(
                grant.Role)),
        Operation.Revoke revoke => new(
            "revoke", NullIfEmpty(revoke.Namespace), Account: revoke.Account.ToString(), Role: WordOf(
                revoke.Role)),
        _ => new(operation.GetType().Name.ToLowerInvariant()),
    };

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static string WordOf(Role role) => role.ToString().ToLowerInvariant();
}

/// <summary>A transaction as it was signed.</summary>
public sealed record ContentReply(
    string Hash, string Sender, long ValidUntil, ulong Nonce, IReadOnlyList<OperationRequest> Operations,
    string Signature);
