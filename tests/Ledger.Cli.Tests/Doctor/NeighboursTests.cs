using Ledger.Cli.Doctor;

namespace Ledger.Cli.Tests.Doctor;

/// <summary>From one node's URL to the others'.</summary>
public sealed class NeighboursTests
{
    [Fact]
    public void The_others_of_a_devnet_are_found_from_one()
        => Assert.Equal(
            [
                ("validator-1", "http://127.0.0.1:8080/"), ("validator-3", "http://127.0.0.1:8100/"),
                ("validator-4", "http://127.0.0.1:8110/"),
            ],
            Neighbours.Of([Clinic.Well().Visits[1]])
                .Select(address => (address.Expected!, address.Url.ToString())));

    [Fact]
    public void Machines_of_their_own_are_asked_on_the_same_port()
    {
        var visit = Clinic.Well().Visits[0].WithPeer(
            "validator-2", peer => peer with { Endpoint = "[2001:db8::7]:7000" });

        Assert.Contains(
            Neighbours.Of([visit]), address => address.Url.ToString() == "http://[2001:db8::7]:8080/");
    }

    [Fact]
    public void A_silent_node_is_recognised_by_its_address_or_as_the_only_one_left()
    {
        var visits = Clinic.Well().Visits;
        Silence silence = new(SilenceKind.NothingListens, "");
        Visit third = new(visits[2].Url, Silence: silence);
        Visit elsewhere = new(new("http://127.0.0.1:9"), Silence: silence);

        Assert.Equal("validator-3", Neighbours.Recognise([visits[0], third])[1].Name);
        Assert.Equal("validator-4", Neighbours.Recognise([.. visits.Take(3), elsewhere])[3].Name);
        Assert.Equal("127.0.0.1:9", Neighbours.Recognise([visits[0], elsewhere])[1].Name);
    }

    [Fact]
    public void Who_was_asked_is_not_asked_again_and_what_is_no_address_is_left()
    {
        var visits = Clinic.Well().Visits;
        var visit = visits[0].WithPeer("validator-4", peer => peer with { Endpoint = "nonsense" });

        Assert.DoesNotContain(
            Neighbours.Of([visit, visits[1], visits[2]]), address => address.Expected != "validator-4");
        Assert.DoesNotContain(Neighbours.Of([visit]), address => address.Expected == "validator-4");
    }
}
